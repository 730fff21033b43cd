import type { MemoryBudget } from '../../component/settings.ts';

/** Bytes of a block; what is larger gets a block of its own. */
const blockBytes = 2 ** 20;

/** Where {@link Blocks.place} put something. */
export interface Placed {
  block: number;
  offset: number;
}

/**
 * Append-only memory for bytes that are let go in about the order in which they came: blocks of one
 * size with a count of what lives in each. A block whose count falls to 0 is used again.
 */
export class Blocks {
  readonly #budget: MemoryBudget;
  readonly #bytes: (Buffer | undefined)[] = [];
  /** Things that live in each block; the open block has one more. */
  readonly #live: number[] = [];
  /** Bytes that the budget holds for each block. */
  readonly #reserved: number[] = [];
  /** Numbers of blocks that hold nothing: with memory, and without. */
  readonly #spare: number[] = [];
  readonly #vacant: number[] = [];
  #open = -1;
  #length = 0;
  /** Least number of spare blocks since the last {@link trim}. */
  #unused = 0;

  constructor(budget: MemoryBudget) {
    this.#budget = budget;
  }

  /** Whether the budget lets so many bytes in; asked before the first of them is placed. */
  hasRoom(bytes: number): boolean {
    const open = this.#open < 0 ? 0 : blockBytes - this.#length;
    const missing = bytes - open - this.#spare.length * blockBytes;
    if (missing <= 0) return true;
    const wanted = Math.max(missing, blockBytes);
    if (!this.#budget.tryReserve(wanted)) return false;
    this.#budget.release(wanted);
    return true;
  }

  bytes(block: number): Buffer {
    return this.#bytes[block]!;
  }

  /** Copies [start, end) of `source` to a block, which holds it until it is {@link release}d. */
  place(source: Uint8Array, start: number, end: number, at: Placed): void {
    const size = end - start;
    const own = size > blockBytes / 2;
    if (own) this.#placeAlone(size, at);
    else {
      if (this.#open < 0 || this.#length + size > blockBytes) this.#turnPage();
      at.block = this.#open;
      at.offset = this.#length;
      this.#length += size;
      this.#live[this.#open]! += 1;
    }
    this.#bytes[at.block]!.set(source.subarray(start, end), at.offset);
  }

  #placeAlone(size: number, at: Placed): void {
    at.block = this.#make(size);
    at.offset = 0;
    this.#live[at.block] = 1;
  }

  #turnPage(): void {
    const old = this.#open;
    this.#open = this.#spare.pop() ?? this.#make(blockBytes);
    this.#unused = Math.min(this.#unused, this.#spare.length);
    this.#live[this.#open] = 1;
    this.#length = 0;
    if (old >= 0) this.release(old, 1);
  }

  /** Takes memory for a block. Where {@link hasRoom} was asked, what the budget lacks is little. */
  #make(size: number): number {
    const block = this.#vacant.pop() ?? this.#bytes.length;
    this.#bytes[block] = Buffer.allocUnsafeSlow(size);
    this.#reserved[block] = this.#budget.tryReserve(size) ? size : 0;
    return block;
  }

  /** Things more that live in a block. */
  retain(block: number, count: number): void {
    this.#live[block]! += count;
  }

  /** Things less that live in a block. */
  release(block: number, count: number): void {
    const live = this.#live[block]! - count;
    this.#live[block] = live;
    if (live > 0) return;
    if (live < 0) throw new Error(`BUG: block ${block} has ${live} things in it`);
    if (this.#bytes[block]!.length === blockBytes) this.#spare.push(block);
    else this.#drop(block);
  }

  #drop(block: number): void {
    this.#bytes[block] = undefined;
    this.#budget.release(this.#reserved[block]!);
    this.#reserved[block] = 0;
    this.#vacant.push(block);
  }

  /** Gives back half of the blocks that nothing needed since the last call. */
  trim(): void {
    for (let n = Math.ceil(this.#unused / 2); n > 0; n -= 1) this.#drop(this.#spare.pop()!);
    this.#unused = this.#spare.length;
  }

  /** Blocks with memory, spare ones included. */
  get count(): number {
    return this.#bytes.length - this.#vacant.length;
  }

  /** Gives everything back; nothing may live any more. */
  close(): void {
    if (this.#open >= 0) this.release(this.#open, 1);
    this.#open = -1;
    while (this.#spare.length > 0) this.#drop(this.#spare.pop()!);
    if (this.count > 0) throw new Error(`BUG: ${this.count} blocks still hold something`);
  }
}
