import type { Ends } from '../session/conversation.ts';
import type { Session } from '../session/session.ts';
import { Hash64 } from './hash.ts';

/**
 * Ids of captured spans are hashes of flow, time, sequence numbers and the session's number in its
 * conversation: reading a capture twice gives the same ids, so that what is stored twice can be
 * recognised. They are never zero.
 */
export class SpanIds {
  private readonly traceHash: Hash64;
  private readonly traceLow: Hash64;
  private readonly spanHash: Hash64;

  constructor(captureName: string) {
    this.traceHash = new Hash64(`trace ${captureName}`);
    this.traceLow = new Hash64(`trace, second half ${captureName}`);
    this.spanHash = new Hash64(`span ${captureName}`);
  }

  /** Writes a trace id of 16 bytes to `to` at `at`. */
  trace(session: Session, ends: Ends, baseSeconds: number, to: Uint8Array, at: number): void {
    put(this.traceHash, session, ends, baseSeconds, to, at);
    put(this.traceLow, session, ends, baseSeconds, to, at + 8);
  }

  /** Writes a span id of 8 bytes to `to` at `at`. */
  span(session: Session, ends: Ends, baseSeconds: number, to: Uint8Array, at: number): void {
    put(this.spanHash, session, ends, baseSeconds, to, at);
  }
}

function put(
  h: Hash64,
  session: Session,
  ends: Ends,
  baseSeconds: number,
  to: Uint8Array,
  at: number,
): void {
  h.start();
  h.word(ends.idHigh);
  h.word(ends.idLow);
  h.word(session.ordinal);
  h.word(session.request?.sequence ?? 0);
  h.word(session.response?.sequence ?? 0);
  h.time(baseSeconds, session.start);
  h.end();
  const { high, low } = h;
  for (let i = 0; i < 4; i++) {
    to[at + i] = high >>> (24 - 8 * i);
    to[at + 4 + i] = low >>> (24 - 8 * i);
  }
}
