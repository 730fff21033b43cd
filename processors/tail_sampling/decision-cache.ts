import type { Random } from '../../component/settings.ts';
import { grown } from '../../pipeline/grown.ts';
import { IdTable } from '../../pipeline/traces/id-table.ts';
import { RowLists } from '../../pipeline/traces/row-lists.ts';

/**
 * What was decided about the traces that were decided last, by the second half of their ids. The
 * least recently used goes first. Memory grows with what is in it, 60 bytes an id.
 */
export class DecisionCache {
  #limit: number;
  readonly #ids: IdTable;
  readonly #order = new RowLists(1);
  #values = new Int16Array(0);

  /** @param limit ids that are kept; 0 or less = none */
  constructor(limit: number, random: Random) {
    this.#limit = limit;
    this.#ids = new IdTable(
      random,
      (rows) => {
        this.#order.grow(rows);
        this.#values = grown(this.#values, rows);
      },
      16,
    );
  }

  /** Keeps so many ids from now on. */
  resize(limit: number): void {
    this.#limit = limit;
    while (this.#ids.count > Math.max(0, limit)) this.#evict();
  }

  /** The value of an id given by its last two words; -1 = not there. */
  get(c: number, d: number): number {
    if (this.#limit <= 0) return -1;
    const row = this.#ids.find(c, d, 0, 0);
    if (row < 0) return -1;
    this.#order.push(0, row);
    return this.#values[row]!;
  }

  /** @param value 0 to 32,767. @returns false when nothing is kept */
  put(c: number, d: number, value: number): boolean {
    if (this.#limit <= 0) return false;
    let row = this.#ids.find(c, d, 0, 0);
    if (row < 0) {
      if (this.#ids.count >= this.#limit) this.#evict();
      row = this.#ids.add(c, d, 0, 0);
    }
    this.#values[row] = value;
    this.#order.push(0, row);
    return true;
  }

  #evict(): void {
    const oldest = this.#order.first(0);
    this.#order.remove(oldest);
    this.#ids.remove(oldest);
  }
}
