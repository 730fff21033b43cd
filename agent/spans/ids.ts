import type { Session } from '../session/session.ts';
import { Hash64 } from './hash.ts';

/**
 * Ids of captured spans are hashes of flow, time, sequence numbers and the session's number in its
 * conversation: reading a capture twice gives the same ids, so that what is stored twice can be
 * recognised. They are never zero.
 */
export class SpanIds {
  readonly traceId: Uint8Array = new Uint8Array(16);
  readonly spanId: Uint8Array = new Uint8Array(8);
  private readonly trace: Hash64;
  private readonly traceLow: Hash64;
  private readonly span: Hash64;

  constructor(captureName: string) {
    this.trace = new Hash64(`trace ${captureName}`);
    this.traceLow = new Hash64(`trace, second half ${captureName}`);
    this.span = new Hash64(`span ${captureName}`);
  }

  /** Fills `traceId` and `spanId` for a session. */
  make(session: Session, baseSeconds: number): void {
    put(this.hashed(this.trace, session, baseSeconds), this.traceId, 0);
    put(this.hashed(this.traceLow, session, baseSeconds), this.traceId, 8);
    put(this.hashed(this.span, session, baseSeconds), this.spanId, 0);
  }

  private hashed(h: Hash64, session: Session, baseSeconds: number): Hash64 {
    const ends = session.conversation.ends();
    h.start();
    h.word(ends.idHigh);
    h.word(ends.idLow);
    h.word(session.ordinal);
    h.word(session.request?.sequence ?? 0);
    h.word(session.response?.sequence ?? 0);
    h.time(baseSeconds, session.start);
    h.end();
    return h;
  }
}

function put(h: Hash64, to: Uint8Array, at: number): void {
  for (let i = 0; i < 4; i++) {
    to[at + i] = h.high >>> (24 - 8 * i);
    to[at + 4 + i] = h.low >>> (24 - 8 * i);
  }
}
