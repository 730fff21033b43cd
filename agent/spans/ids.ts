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
  private readonly words = new Int32Array(7);

  constructor(captureName: string) {
    this.traceHash = new Hash64(`trace ${captureName}`);
    this.traceLow = new Hash64(`trace, second half ${captureName}`);
    this.spanHash = new Hash64(`span ${captureName}`);
  }

  /** Seeds of the hashes, high and low in turn: of the trace id's halves, of the span id. */
  get seeds(): Uint32Array {
    const { traceHash, traceLow, spanHash } = this;
    return Uint32Array.of(...traceHash.seed, ...traceLow.seed, ...spanHash.seed);
  }

  /** Chooses the session whose ids are written next. */
  of(session: Session, ends: Ends, baseSeconds: number): void {
    const { words } = this;
    const carry = Math.floor(session.start / 1e9);
    words[0] = ends.idHigh;
    words[1] = ends.idLow;
    words[2] = session.ordinal;
    words[3] = session.request?.sequence ?? 0;
    words[4] = session.response?.sequence ?? 0;
    words[5] = baseSeconds + carry;
    words[6] = session.start - carry * 1e9;
  }

  /** Writes the trace id, 16 bytes, to `to` at `at`. */
  trace(to: Uint8Array, at: number): void {
    put(this.traceHash, this.words, to, at);
    put(this.traceLow, this.words, to, at + 8);
  }

  /** Writes the span id, 8 bytes, to `to` at `at`. */
  span(to: Uint8Array, at: number): void {
    put(this.spanHash, this.words, to, at);
  }
}

function put(h: Hash64, words: Int32Array, to: Uint8Array, at: number): void {
  h.words(words);
  const { high, low } = h;
  to[at] = high >>> 24;
  to[at + 1] = high >>> 16;
  to[at + 2] = high >>> 8;
  to[at + 3] = high;
  to[at + 4] = low >>> 24;
  to[at + 5] = low >>> 16;
  to[at + 6] = low >>> 8;
  to[at + 7] = low;
}
