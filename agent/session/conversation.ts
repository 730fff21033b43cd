import type { ObservationPoint } from '../../wire/observation/points.ts';
import type { Transport } from '../l7/protocol.ts';
import type { Session } from './session.ts';

/** The two ends of a conversation, and where it was seen. */
export interface Ends {
  readonly transport: Transport;
  readonly ipVersion: 4 | 6;
  readonly clientAddress: string;
  readonly clientPort: number;
  readonly serverAddress: string;
  readonly serverPort: number;
  /** Number of the interface in the capture. */
  readonly interfaceId: number;
  /** Identifies the flow at this place of capture: 64 bits. */
  readonly idHigh: number;
  readonly idLow: number;
}

/** Where a conversation is seen, when that is not the same for all of a capture. */
export interface Vantage {
  readonly point: ObservationPoint;
  /** Inode of the network namespace in which the addresses are those of `ends`; 0 = not known. */
  readonly networkNamespace: number;
  /** The process at the end that the spans describe, and its short name. */
  readonly pid: number;
  readonly command: string;
}

/** What pairing keeps of one connection; the source of the messages says who talks to whom. */
export interface Conversation {
  /** Ends, direction settled. */
  ends(): Ends;
  /** Absent or undefined: the observation point is that of the capture. */
  vantage?(): Vantage | undefined;
  /** Next TCP sequence number expected from the server. */
  serverNext(): number;
  /** First and last of the open sessions. */
  open: Session | undefined;
  lastOpen: Session | undefined;
  openCount: number;
  /** Requests handed on unanswered whose responses may still come; they are not reported again. */
  owed: number;
  /**
   * A response whose request was not seen, kept back until the next message: packets may come in
   * another order than they were sent in, and then the request is the next one.
   */
  orphan: Session | undefined;
  /** Requests went unseen: one can be matched only if it acknowledges more than this; -1 = none. */
  requestsLost: number;
  /** Responses went unseen: a request must acknowledge at least this; -1 = none. */
  responsesLost: number;
  /** TCP sequence number of the last response that was matched with no request; -1 = none. */
  unmatched: number;
  /** The client was seen to send requests before earlier ones were answered. */
  pipelined: boolean;
  /** Acknowledgement number of the last request; -1 = none yet. */
  lastAcknowledged: number;
  /** Sessions begun on this conversation, for ids. */
  ordinal: number;
}
