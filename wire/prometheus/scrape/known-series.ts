import { ByteTable, hashBytes } from '../../byte-table/byte-table.ts';

/** Names and values, alternating, as they were exposed; the metric's name under `__name__`. */
export type ExposedLabels = readonly string[];

/**
 * Series by the bytes that they are exposed with: who sends the same text again has the same number
 * without its labels being read again.
 */
export class KnownSeries {
  readonly #table = new ByteTable();
  readonly #labels: ExposedLabels[] = [];
  readonly #seed: number;

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

  labels(series: number): ExposedLabels {
    return this.#labels[series]!;
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
}
