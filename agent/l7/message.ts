import type { Session } from '../session/session.ts';
import type { Origin } from './origin.ts';
import type { TraceContext } from './trace-context.ts';

/** Why less than the whole message was seen; '' = all of it was. */
export type Incomplete = '' | 'truncated' | 'lost' | 'connection_closed';

/**
 * A request or response. Protocols extend it with their fields. Times are nanoseconds since the
 * engine's base.
 */
export class Message {
  readonly isRequest: boolean;
  /** Time of the packet that brought the first byte. */
  readonly start: number;
  /** Time of the packet that brought the last byte so far. */
  end: number;
  /** TCP sequence number of the first byte; 0 for UDP. */
  readonly sequence: number;
  /** Acknowledgement number of the segment with the first byte; 0 for UDP. */
  readonly acknowledgement: number;
  /** Bytes on the wire so far, framing included. */
  length = 0;
  ended = false;
  incomplete: Incomplete = '';
  /** Transaction id, for protocols whose responses are matched by one. */
  key = 0;
  /** X-Request-ID or what the protocol has for it; '' = none. */
  requestId = '';
  /** A request that is never answered: it is a session by itself. */
  oneWay = false;
  /** A request that may rightly wait without end: it does not time out. */
  patient = false;
  /** Trace header that the message carries. */
  trace: TraceContext | undefined = undefined;
  /** The call that moved the first byte, where a source of calls knows it. */
  origin: Origin | undefined = undefined;
  /** Key of the chain of work that it is counted under (ebpf/chains.ts); 0 = none. */
  chain = 0;
  /** Hash of the first bytes (heads.ts); both 0 = not known. */
  headHigh = 0;
  headLow = 0;
  /** Bytes hashed so far; -1 = the rest of the head was not captured. */
  headBytes = 0;
  /** The session it is part of, once begun. */
  session: Session | undefined = undefined;

  constructor(isRequest: boolean, start: number, sequence: number, acknowledgement: number) {
    this.isRequest = isRequest;
    this.start = start;
    this.end = start;
    this.sequence = sequence;
    this.acknowledgement = acknowledgement;
  }

  /** Whether a response with the same key answers this request, or a request repeats it. */
  matches(_other: Message): boolean {
    return true;
  }
}
