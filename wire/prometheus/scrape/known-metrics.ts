import { ByteTable, hashBytes } from '../../byte-table/byte-table.ts';
import { Followers } from './followers.ts';

/** Bytes before the labels in keys: the number of the family. */
const prefix = 4;

/** Series of a histogram or summary; -1 = not asked for yet. */
export interface Parts {
  count: number;
  sum: number;
  native: number;
  /** Of the bucket without end that a message leaves out. */
  rest: number;
  /** Bounds or quantiles as they came last, and their series. */
  readonly bounds: number[];
  readonly series: number[];
}

/**
 * Metrics of protobuf by their family and the bytes of their labels, so that labels that come again
 * are not read again, let alone put in order.
 */
export class KnownMetrics {
  readonly #table = new ByteTable();
  readonly #families = new ByteTable();
  readonly #followers = new Followers();
  readonly #familyOf: number[] = [];
  readonly #series: number[] = [];
  readonly #parts = new Map<number, Parts>();
  readonly #seed: number;
  #scratch = Buffer.alloc(256);

  constructor(seed: number) {
    this.#seed = seed | 0;
  }

  get size(): number {
    return Math.max(this.#series.length, this.#families.size);
  }

  /** A new exposition begins: the first of its metrics is next. */
  rewind(): void {
    this.#followers.rewind();
  }

  /** Number of the family with a type and the name in bytes [from, to). */
  family(type: number, b: Uint8Array, from: number, to: number): number {
    const length = this.#fill(type, b, from, to);
    const hash = hashBytes(this.#scratch, 0, length, this.#seed);
    const known = this.#families.find(this.#scratch, 0, length, hash);
    return known >= 0 ? known : this.#families.add(this.#scratch, 0, length, hash);
  }

  /** Number of the metric of a family with the labels in bytes [from, to); -1 = not known. */
  find(family: number, b: Uint8Array, from: number, to: number): number {
    const guess = this.#followers.guess();
    if (guess >= 0 && this.#familyOf[guess] === family && this.#has(guess, b, from, to)) {
      this.#followers.came(guess);
      return guess;
    }
    const length = this.#fill(family, b, from, to);
    const hash = hashBytes(this.#scratch, 0, length, this.#seed);
    const known = this.#table.find(this.#scratch, 0, length, hash);
    if (known >= 0) this.#followers.came(known);
    return known;
  }

  /** Gives a metric that {@link find} does not know a number. */
  add(family: number, b: Uint8Array, from: number, to: number): number {
    const length = this.#fill(family, b, from, to);
    const hash = hashBytes(this.#scratch, 0, length, this.#seed);
    const number = this.#table.add(this.#scratch, 0, length, hash);
    this.#familyOf.push(family);
    this.#series.push(-1);
    this.#followers.came(number);
    return number;
  }

  #has(number: number, b: Uint8Array, from: number, to: number): boolean {
    const { keys } = this.#table;
    const start = this.#table.start(number) + prefix;
    if (this.#table.end(number) - start !== to - from) return false;
    for (let i = start, at = from; at < to; i += 1, at += 1) if (keys[i] !== b[at]) return false;
    return true;
  }

  /** Puts a number and bytes together. @returns their length */
  #fill(number: number, b: Uint8Array, from: number, to: number): number {
    const length = prefix + to - from;
    if (length > this.#scratch.length) this.#scratch = Buffer.alloc(length * 2);
    const scratch = this.#scratch;
    scratch.writeUInt32LE(number, 0);
    for (let i = prefix, at = from; at < to; i += 1, at += 1) scratch[i] = b[at]!;
    return length;
  }

  /** The series of a metric that is one number; -1 = not asked for yet. */
  series(number: number): number {
    return this.#series[number]!;
  }

  setSeries(number: number, series: number): void {
    this.#series[number] = series;
  }

  /** The series of a histogram or summary. */
  parts(number: number): Parts {
    let parts = this.#parts.get(number);
    if (parts === undefined) {
      parts = { count: -1, sum: -1, native: -1, rest: -1, bounds: [], series: [] };
      this.#parts.set(number, parts);
    }
    return parts;
  }
}
