import { ByteTable, hashBytes } from '../../byte-table/byte-table.ts';
import { Followers } from './followers.ts';

/** Names and values, alternating, as they were exposed; the metric's name under `__name__`. */
export type ExposedLabels = readonly string[];

const none: ExposedLabels = [];

const newline = 0x0a;
const brace = 0x7d;
const space = 0x20;

/**
 * Series by the bytes that they are exposed with: who sends the same text again has the same number
 * without its labels being read again.
 */
export class KnownSeries {
  readonly #table = new ByteTable();
  readonly #labels: ExposedLabels[] = [];
  readonly #seed: number;
  readonly #followers = new Followers();

  /** @param seed a secret, so that targets cannot choose texts that get in one another's way */
  constructor(seed: number) {
    this.#seed = seed | 0;
  }

  get seed(): number {
    return this.#seed;
  }

  get size(): number {
    return this.#labels.length;
  }

  /** @throws Error for a series whose labels were {@link dropLabels dropped} */
  labels(series: number): ExposedLabels {
    const labels = this.#labels[series]!;
    if (labels === none) throw new Error(`BUG: the labels of series ${series} were dropped`);
    return labels;
  }

  /** Frees labels that nobody will ask for again; the series stays known. */
  dropLabels(series: number): void {
    this.#labels[series] = none;
  }

  /** @returns -1 for bytes that are not known */
  find(b: Uint8Array, from: number, to: number, hash: number): number {
    return this.#table.find(b, from, to, hash);
  }

  hash(b: Uint8Array, from: number, to: number): number {
    return hashBytes(b, from, to, this.#seed);
  }

  add(b: Uint8Array, from: number, to: number, hash: number, labels: ExposedLabels): number {
    this.#labels.push(labels);
    return this.#table.add(b, from, to, hash);
  }

  /** A new exposition begins: the first of its lines is next. */
  rewind(): void {
    this.#followers.rewind();
  }

  /** Says which series has come, for {@link follower}. */
  came(series: number): void {
    this.#followers.came(series);
  }

  /**
   * The series that came after this one the last time, where the bytes from `from` on are its name
   * and labels and no more; -1 = they are not. It finds only what a scan of the line would find: a
   * block ends with its brace, a name without one must not go on or have one behind blanks.
   */
  follower(b: Uint8Array, from: number): number {
    const series = this.#followers.guess();
    if (series < 0) return -1;
    const { keys } = this.#table;
    const start = this.#table.start(series);
    const end = this.#table.end(series);
    const to = from + end - start;
    if (to + 1 >= b.length || b[from] === newline) return -1;
    for (let i = start, at = from; i < end; i += 1, at += 1) if (keys[i] !== b[at]) return -1;
    if (keys[end - 1] === brace) return series;
    return b[to] === space && b[to + 1]! > space && b[to + 1] !== 0x7b ? series : -1;
  }

  /** Bytes of a series' key. */
  length(series: number): number {
    return this.#table.end(series) - this.#table.start(series);
  }
}
