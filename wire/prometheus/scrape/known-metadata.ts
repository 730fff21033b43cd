import { ByteTable, hashBytes } from '../../byte-table/byte-table.ts';
import type { MetricType } from './types.ts';

/** What one line says of a family. */
export type Metadata =
  | { readonly kind: 'type'; readonly name: string; readonly type: MetricType }
  | { readonly kind: 'help' | 'unit'; readonly name: string; readonly text: string };

/** Lines about families by their bytes, so that a line that comes again is not read again. */
export class KnownMetadata {
  readonly #table = new ByteTable();
  readonly #lines: Metadata[] = [];
  readonly #seed: number;

  constructor(seed: number) {
    this.#seed = seed | 0;
  }

  get size(): number {
    return this.#lines.length;
  }

  line(number: number): Metadata {
    return this.#lines[number]!;
  }

  /** Number of line [from, to), which `read` reads where it is not known. */
  number(b: Buffer, from: number, to: number, read: () => Metadata): number {
    const hash = hashBytes(b, from, to, this.#seed);
    const known = this.#table.find(b, from, to, hash);
    if (known >= 0) return known;
    this.#lines.push(read());
    return this.#table.add(b, from, to, hash);
  }
}
