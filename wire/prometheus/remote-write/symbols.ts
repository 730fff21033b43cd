import { isUtf8 } from 'node:buffer';
import { utf8 } from '../../../pdata/readers/value-view.ts';
import { Uint32Column } from './columns.ts';
import { MalformedMessage } from './protobuf.ts';

/** Places that are looked at for one text: more means texts that were made to collide. */
const probesMax = 200;

/**
 * Texts of a request, each once: a number stands for a text, equal numbers for equal texts. 0 is
 * the empty one. Texts are ranges of one buffer, which stays as long as the table.
 */
export class Symbols {
  /** What the ranges lie in. */
  bytes: Uint8Array;
  readonly starts: Uint32Column;
  readonly ends: Uint32Column;
  readonly #hashes: Uint32Column;
  readonly #invalid = new Set<number>();
  /** What its hashes begin with: for tables over its numbers. */
  readonly seed: number;
  #slots: Int32Array;
  #mask: number;

  /**
   * @param expected different texts
   * @param seed any number that senders do not know
   */
  constructor(bytes: Uint8Array, expected: number, seed = 0) {
    this.seed = 0x811c9dc5 ^ seed;
    this.bytes = bytes;
    this.starts = new Uint32Column(expected + 1);
    this.ends = new Uint32Column(expected + 1);
    this.#hashes = new Uint32Column(expected + 1);
    let size = 16;
    while (size < 2 * expected) size *= 2;
    this.#slots = new Int32Array(size).fill(-1);
    this.#mask = size - 1;
    this.intern(0, 0);
  }

  get count(): number {
    return this.starts.length;
  }

  /** Whether a text is not UTF-8. */
  invalid(symbol: number): boolean {
    return this.#invalid.size > 0 && this.#invalid.has(symbol);
  }

  /** Bytes of a text. */
  lengthOf(symbol: number): number {
    return this.ends.values[symbol]! - this.starts.values[symbol]!;
  }

  text(symbol: number): string {
    return utf8(this.bytes, this.starts.values[symbol]!, this.ends.values[symbol]!);
  }

  /** The number of bytes [start, end); `guess` is tried first. */
  internLike(start: number, end: number, guess: number): number {
    return this.#is(guess, start, end) ? guess : this.intern(start, end);
  }

  /**
   * The number of bytes [start, end).
   * @throws MalformedMessage for texts that were made to collide
   */
  intern(start: number, end: number): number {
    const { bytes } = this;
    const hash = hashOf(bytes, start, end, this.seed);
    let slot = hash & this.#mask;
    for (let probes = 0; ; probes += 1) {
      const symbol = this.#slots[slot]!;
      if (symbol < 0) break;
      if (probes > probesMax) throw new MalformedMessage('texts made to collide', start);
      if (this.#hashes.values[symbol] === hash && this.#is(symbol, start, end)) return symbol;
      slot = (slot + 1) & this.#mask;
    }
    const symbol = this.starts.length;
    if (!isAscii(bytes, start, end) && !isUtf8(bytes.subarray(start, end))) {
      this.#invalid.add(symbol);
    }
    this.#slots[slot] = symbol;
    this.starts.push(start);
    this.ends.push(end);
    this.#hashes.push(hash);
    if (2 * this.starts.length > this.#slots.length) this.#grow();
    return symbol;
  }

  /** Puts bytes behind those that are there, for ranges to {@link intern}. @returns where */
  append(more: Uint8Array): number {
    const start = this.bytes.length;
    const bytes = new Uint8Array(start + more.length);
    bytes.set(this.bytes);
    bytes.set(more, start);
    this.bytes = bytes;
    return start;
  }

  /** The number of a text if it is in the table, else -1. */
  find(text: string): number {
    const wanted = Buffer.from(text);
    const hash = hashOf(wanted, 0, wanted.length, this.seed);
    let slot = hash & this.#mask;
    for (;;) {
      const symbol = this.#slots[slot]!;
      if (symbol < 0) return -1;
      const same = this.#hashes.values[symbol] === hash && this.lengthOf(symbol) === wanted.length;
      if (same && this.startsWith(symbol, wanted)) return symbol;
      slot = (slot + 1) & this.#mask;
    }
  }

  /** Whether a text ends so. */
  endsWith(symbol: number, suffix: Uint8Array): boolean {
    const from = this.ends.values[symbol]! - suffix.length;
    if (from < this.starts.values[symbol]!) return false;
    for (let i = 0; i < suffix.length; i += 1) {
      if (this.bytes[from + i] !== suffix[i]) return false;
    }
    return true;
  }

  /** Whether a text begins so. */
  startsWith(symbol: number, prefix: Uint8Array): boolean {
    if (this.lengthOf(symbol) < prefix.length) return false;
    const from = this.starts.values[symbol]!;
    for (let i = 0; i < prefix.length; i += 1) {
      if (this.bytes[from + i] !== prefix[i]) return false;
    }
    return true;
  }

  /** Order of two texts by their bytes: below 0, 0, above 0. */
  compare(a: number, b: number): number {
    if (a === b) return 0;
    const { bytes } = this;
    let p = this.starts.values[a]!;
    let q = this.starts.values[b]!;
    const pEnd = this.ends.values[a]!;
    const qEnd = this.ends.values[b]!;
    while (p < pEnd && q < qEnd) {
      const difference = bytes[p]! - bytes[q]!;
      if (difference !== 0) return difference;
      p += 1;
      q += 1;
    }
    return pEnd - p - (qEnd - q);
  }

  #is(symbol: number, start: number, end: number): boolean {
    let p = this.starts.values[symbol]!;
    if (this.ends.values[symbol]! - p !== end - start) return false;
    const { bytes } = this;
    for (let i = start; i < end; i += 1, p += 1) if (bytes[i] !== bytes[p]) return false;
    return true;
  }

  #grow(): void {
    const size = this.#slots.length * 2;
    this.#slots = new Int32Array(size).fill(-1);
    this.#mask = size - 1;
    for (let symbol = 0; symbol < this.starts.length; symbol += 1) {
      let slot = this.#hashes.values[symbol]! & this.#mask;
      while (this.#slots[slot]! >= 0) slot = (slot + 1) & this.#mask;
      this.#slots[slot] = symbol;
    }
  }
}

function hashOf(bytes: Uint8Array, start: number, end: number, seed: number): number {
  let hash = seed ^ (end - start);
  for (let i = start; i < end; i += 1) hash = Math.imul(hash ^ bytes[i]!, 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 15), 0x85ebca6b);
  return (hash ^ (hash >>> 13)) >>> 0;
}

function isAscii(bytes: Uint8Array, start: number, end: number): boolean {
  for (let i = start; i < end; i += 1) if (bytes[i]! > 127) return false;
  return true;
}
