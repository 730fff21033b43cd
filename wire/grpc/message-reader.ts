import type { ByteBudget } from '../compression/types.ts';

/** Bytes before a message: compressed flag (0 or 1), length (4, big-endian). */
export const prefixBytes = 5;

/** Memory is taken for a message of up to this size at once; beyond it as the bytes come. */
const firstStep = 512 * 1024;

/** Memory that the first bytes of a message get for each of them: a mere claim gets little. */
const firstRatio = 32;

/** Why the message of a call cannot be taken. */
export type MessageFault =
  /** Longer than allowed. */
  | 'too_large'
  /** The budget has no room now. */
  | 'no_memory'
  /** The compressed flag is neither 0 nor 1. */
  | 'bad_flag'
  /** There is more than one message. */
  | 'extra';

/**
 * Puts the one message of a unary call together from the pieces that come. Every byte is reserved
 * before memory is taken for it; a peer that only claims a length pays for it by sending.
 */
export class MessageReader {
  compressed = false;
  /** What the prefix says; -1 before it is whole. */
  length = -1;
  /** Bytes taken from the budget, which whoever takes the message over gives back. */
  reserved = 0;
  #flag = 0;
  #prefixAt = 0;
  #prefixLength = 0;
  #bytes: Buffer | undefined;
  #at = 0;

  get complete(): boolean {
    return this.length >= 0 && this.#at === this.length;
  }

  /** The message; only when complete. */
  message(): Buffer {
    return this.#bytes ?? Buffer.alloc(0);
  }

  /** @returns undefined, or why the message is refused */
  push(
    chunk: Buffer,
    start: number,
    end: number,
    maxBytes: number,
    budget: ByteBudget,
  ): MessageFault | undefined {
    let at = start;
    if (this.length < 0) {
      at = this.#prefix(chunk, start, end);
      if (this.#flag > 1) return 'bad_flag';
      if (this.length < 0) return undefined;
      if (this.length > maxBytes) return 'too_large';
    }
    if (at === end) return undefined;
    if (end - at > this.length - this.#at) return 'extra';
    return this.#body(chunk, at, end, budget);
  }

  release(budget: ByteBudget): void {
    if (this.reserved > 0) budget.release(this.reserved);
    this.reserved = 0;
    this.#bytes = undefined;
  }

  #prefix(chunk: Buffer, start: number, end: number): number {
    let at = start;
    while (at < end && this.#prefixAt < prefixBytes) {
      const byte = chunk[at++]!;
      if (this.#prefixAt === 0) this.#flag = byte;
      else this.#prefixLength = this.#prefixLength * 256 + byte;
      this.#prefixAt += 1;
    }
    if (this.#prefixAt === prefixBytes) {
      this.length = this.#prefixLength;
      this.compressed = this.#flag === 1;
    }
    return at;
  }

  #body(chunk: Buffer, at: number, end: number, budget: ByteBudget): MessageFault | undefined {
    const needed = this.#at + end - at;
    let bytes = this.#bytes;
    if (bytes === undefined || bytes.length < needed) {
      const step = Math.min(firstStep, 8192 + firstRatio * needed);
      const size = Math.min(this.length, Math.max(step, needed, 4 * (bytes?.length ?? 0)));
      if (!budget.tryReserve(size)) return 'no_memory';
      const larger = Buffer.allocUnsafeSlow(size);
      if (bytes !== undefined) {
        bytes.copy(larger, 0, 0, this.#at);
        budget.release(this.reserved);
      }
      this.reserved = size;
      this.#bytes = bytes = larger;
    }
    chunk.copy(bytes, this.#at, at, end);
    this.#at = needed;
    return undefined;
  }
}
