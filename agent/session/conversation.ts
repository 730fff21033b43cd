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

/** How far requests and responses of a connection can be matched by their order. */
export const Order = {
  /** Every request since the last quiet moment was seen. */
  known: 0,
  /** Requests were lost: those that acknowledge more than `orderFrom` can be matched again. */
  requestsLost: 1,
  /** Responses were lost: those that acknowledge at least `orderFrom` can be matched again. */
  responsesLost: 2,
} as const;

export type Order = (typeof Order)[keyof typeof Order];

/** What pairing keeps of one connection; the source of the messages says who talks to whom. */
export interface Conversation {
  /** Ends, direction settled. */
  ends(): Ends;
  /** First and last of the open sessions. */
  open: Session | undefined;
  lastOpen: Session | undefined;
  openCount: number;
  /** Requests handed on unanswered whose responses may still come; they are not reported again. */
  owed: number;
  order: Order;
  orderFrom: number;
  /** Sessions begun on this conversation, for ids. */
  ordinal: number;
}
