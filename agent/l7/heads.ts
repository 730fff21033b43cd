import type { Message } from './message.ts';
import type { Origin } from './origin.ts';

/** First bytes of a message that are hashed. */
export const HEAD_BYTES = 64;

/* FNV-1a's parameters for 64 bits: 0xcbf29ce484222325, 0x100000001b3. */
const OFFSET_HIGH = 0xcbf29ce4;
const OFFSET_LOW = 0x84222325;
const PRIME_LOW = 0x1b3;

/** The beginning of a message that the parser has not begun yet. */
export interface KeptHead {
  /** Sequence number of the first byte in `bytes`. */
  readonly sequence: number;
  readonly bytes: Uint8Array;
  length: number;
  /** Bytes seen of it so far, those not kept included. */
  seen: number;
  origin: Origin | undefined;
}

const NOTHING: Uint8Array = new Uint8Array(0);

/**
 * Hashes the first 64 bytes of messages, wherever they are cut into chunks. The hash is FNV-1a with
 * 64 bits over 32-bit little-endian words instead of bytes: the last word is filled with zeros, and
 * one more word, the number of bytes, ends it.
 *
 * Per chunk: `chunk()`, then the parser, whose sink calls `begin` and `end`, `more` for the message
 * that goes on, `pending`, `done()`.
 */
export class MessageHeads {
  private bytes = NOTHING;
  private start = 0;
  private end_ = 0;
  private sequence = 0;

  /** Bytes [start, end) of a direction come next. */
  chunk(bytes: Uint8Array, start: number, end: number, sequence: number): void {
    this.bytes = bytes;
    this.start = start;
    this.end_ = end;
    this.sequence = sequence;
  }

  /** The chunk is over; `end` may still be called, for messages that end otherwise. */
  done(): void {
    this.bytes = NOTHING;
    this.start = 0;
    this.end_ = 0;
  }

  /** @returns whether the message's first byte is in `kept`, not in this chunk */
  begin(message: Message, kept: KeptHead | undefined): boolean {
    if (kept === undefined) return false;
    const at = (message.sequence - kept.sequence) | 0;
    if (at < 0 || at >= kept.seen) return false;
    if (at >= kept.length || (kept.seen > kept.length && kept.length - at < HEAD_BYTES)) {
      message.headBytes = -1;
      return true;
    }
    absorb(message, kept.bytes, at, kept.length, HEAD_BYTES);
    return true;
  }

  /** Takes what the chunk has of a message that goes on after it. */
  more(message: Message): void {
    this.take(message, HEAD_BYTES);
  }

  /** Takes the rest of a message that ends here. */
  end(message: Message): void {
    const { length } = message;
    if (message.headBytes >= 0 && message.headBytes < HEAD_BYTES) {
      this.take(message, Math.min(HEAD_BYTES, length));
    }
    const { headBytes } = message;
    if (headBytes === HEAD_BYTES) return;
    if (message.incomplete !== '' || headBytes !== length) noHead(message);
    else finish(message);
  }

  /**
   * What to keep of this chunk, in which no message is going on at its end.
   * @param past sequence number after the last message, -1 = none was seen
   */
  pending(past: number, kept: KeptHead | undefined): KeptHead | undefined {
    const length = this.end_ - this.start;
    const at = past < 0 ? -1 : (past - this.sequence) | 0;
    if (at === length) return undefined;
    if (at <= 0 && kept !== undefined) {
      const room = Math.min(kept.bytes.length - kept.length, length);
      if (room > 0 && kept.seen === kept.length) {
        kept.bytes.set(this.bytes.subarray(this.start, this.start + room), kept.length);
        kept.length += room;
      }
      kept.seen += length;
      return kept;
    }
    const from = at > 0 && at < length ? at : 0;
    const bytes = new Uint8Array(HEAD_BYTES);
    const taken = Math.min(HEAD_BYTES, length - from);
    bytes.set(this.bytes.subarray(this.start + from, this.start + from + taken));
    const sequence = (this.sequence + from) >>> 0;
    return { sequence, bytes, length: taken, seen: length - from, origin: undefined };
  }

  private take(message: Message, upTo: number): void {
    const have = message.headBytes;
    if (have < 0 || have >= upTo) return;
    const offset = (message.sequence + have - this.sequence) | 0;
    const from = this.start + offset;
    if (offset < 0 || from >= this.end_) return;
    absorb(message, this.bytes, from, this.end_, upTo);
  }
}

/** The head of a message is not known any more, unless all of it was. */
export function noHead(message: Message): void {
  if (message.headBytes === HEAD_BYTES) return;
  message.headBytes = -1;
  message.headHigh = 0;
  message.headLow = 0;
}

/** Hashes bytes [from, to), until `upTo` bytes of the message are. */
function absorb(message: Message, b: Uint8Array, from: number, to: number, upTo: number): void {
  let have = message.headBytes;
  let high = have === 0 ? OFFSET_HIGH : message.headHigh;
  let low = have === 0 ? OFFSET_LOW : message.headLow;
  const stop = Math.min(to, from + upTo - have);
  let at = from;
  if ((have & 3) === 0) {
    for (; at + 4 <= stop; at += 4) {
      low ^= b[at]! | (b[at + 1]! << 8) | (b[at + 2]! << 16) | (b[at + 3]! << 24);
      const product = (low >>> 0) * PRIME_LOW;
      high = (Math.imul(high, PRIME_LOW) + Math.floor(product / 0x1_0000_0000) + (low << 8)) | 0;
      low = Math.imul(low, PRIME_LOW) | 0;
    }
    have += at - from;
  }
  for (; at < stop; at++) {
    low ^= b[at]! << ((have & 3) * 8);
    if ((++have & 3) !== 0) continue;
    const product = (low >>> 0) * PRIME_LOW;
    high = Math.imul(high, PRIME_LOW) + Math.floor(product / 0x1_0000_0000) + (low << 8);
    low = product;
    high |= 0;
    low |= 0;
  }
  message.headBytes = have;
  message.headHigh = high >>> 0;
  message.headLow = low >>> 0;
  if (have === HEAD_BYTES) finish(message);
}

function finish(message: Message): void {
  const count = message.headBytes;
  if (count === 0) {
    noHead(message);
    return;
  }
  let { headHigh: high, headLow: low } = message;
  for (const word of (count & 3) === 0 ? [count] : [0, count]) {
    low ^= word;
    const product = (low >>> 0) * PRIME_LOW;
    high = (Math.imul(high, PRIME_LOW) + Math.floor(product / 0x1_0000_0000) + (low << 8)) | 0;
    low = product | 0;
  }
  message.headHigh = high >>> 0;
  message.headLow = low >>> 0;
}
