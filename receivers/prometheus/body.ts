import type { MemoryBudget } from '../../component/settings.ts';

/** The answer has more bytes than are taken. */
export class TooLong extends Error {}

/** Buffers that wait to be used again, and the most bytes that one of them has. */
const mostSpare = 2;
const mostSpareBytes = 4 << 20;

const firstBytes = 64 << 10;

/**
 * Buffers for bodies. One that was given back is used again for the next body: bodies of targets
 * are alike, and garbage outside the heap makes V8 collect. Two of at most 4 MiB wait at a time.
 */
export class BodyBuffers {
  readonly #spare: Buffer[] = [];

  /** @returns a buffer of at least `bytes`, whatever it holds */
  take(bytes: number): Buffer {
    const at = this.#spare.findIndex(({ length }) => length >= bytes);
    if (at >= 0) return this.#spare.splice(at, 1)[0]!;
    return Buffer.allocUnsafeSlow(bytes);
  }

  /** Takes a buffer that nobody looks at any more; the smallest goes when there are too many. */
  give(buffer: Buffer): void {
    if (buffer.length === 0 || buffer.length > mostSpareBytes) return;
    this.#spare.push(buffer);
    if (this.#spare.length <= mostSpare) return;
    this.#spare.sort((a, b) => b.length - a.length);
    this.#spare.pop();
  }
}

/** A body as it comes, chunk by chunk; what it holds is reserved first. */
export class Body {
  readonly #buffers: BodyBuffers;
  readonly #budget: MemoryBudget;
  readonly #maxBytes: number;
  #buffer: Buffer = Buffer.alloc(0);
  #length = 0;

  /** @param maxBytes the least number of bytes that is too many */
  constructor(buffers: BodyBuffers, budget: MemoryBudget, maxBytes: number) {
    this.#buffers = buffers;
    this.#budget = budget;
    this.#maxBytes = maxBytes;
  }

  /** What has come; gone with {@link release}. */
  get bytes(): Buffer {
    return this.#buffer.subarray(0, this.#length);
  }

  /**
   * Makes room for a whole body that is said to have so many bytes.
   * @throws Error when there is no memory for it
   */
  expect(bytes: number): void {
    if (bytes > 0 && bytes < this.#maxBytes) this.#room(bytes);
  }

  /** @throws TooLong, or Error when there is no memory */
  add(chunk: Buffer): void {
    const length = this.#length + chunk.length;
    if (length >= this.#maxBytes) throw new TooLong('body size limit exceeded');
    if (length > this.#buffer.length) {
      this.#room(Math.max(length, firstBytes, this.#buffer.length * 2));
    }
    chunk.copy(this.#buffer, this.#length);
    this.#length = length;
  }

  #room(bytes: number): void {
    const none = 'no memory for the answer';
    if (!this.#budget.tryReserve(bytes)) throw new Error(none);
    const wider = this.#buffers.take(bytes);
    if (!this.#budget.tryReserve(wider.length - bytes)) {
      this.#budget.release(bytes);
      this.#buffers.give(wider);
      throw new Error(none);
    }
    const old = this.#buffer;
    old.copy(wider, 0, 0, this.#length);
    this.#buffer = wider;
    this.#budget.release(old.length);
    this.#buffers.give(old);
  }

  /** Gives back what it holds, once. */
  release(): void {
    const buffer = this.#buffer;
    this.#buffer = Buffer.alloc(0);
    this.#length = 0;
    this.#budget.release(buffer.length);
    this.#buffers.give(buffer);
  }
}
