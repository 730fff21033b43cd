import { grown } from '../grown.ts';

/**
 * Doubly linked lists of rows, threaded through typed arrays: a row is in one list at most, and
 * leaves it in constant time.
 */
export class RowLists {
  #prev = new Int32Array(0);
  #next = new Int32Array(0);
  /** List of each row, -1 = none. */
  #list = new Int32Array(0);
  readonly #first: Int32Array;
  readonly #last: Int32Array;

  constructor(lists: number) {
    this.#first = new Int32Array(lists).fill(-1);
    this.#last = new Int32Array(lists).fill(-1);
  }

  grow(rows: number): void {
    const list = new Int32Array(rows).fill(-1, this.#list.length);
    list.set(this.#list);
    this.#list = list;
    this.#prev = grown(this.#prev, rows);
    this.#next = grown(this.#next, rows);
  }

  /** First row of a list, -1 = empty. */
  first(list: number): number {
    return this.#first[list]!;
  }

  /** Visits the rows of a list in order; they stay where they are meanwhile. */
  each(list: number, visit: (row: number) => void): void {
    for (let row = this.#first[list]!; row >= 0; row = this.#next[row]!) visit(row);
  }

  /** Puts a row at the end of a list; it leaves the one that it is in. */
  push(list: number, row: number): void {
    this.remove(row);
    const last = this.#last[list]!;
    this.#list[row] = list;
    this.#prev[row] = last;
    this.#next[row] = -1;
    this.#last[list] = row;
    if (last < 0) this.#first[list] = row;
    else this.#next[last] = row;
  }

  /** Takes a row out of its list, if it is in one. */
  remove(row: number): void {
    const list = this.#list[row]!;
    if (list < 0) return;
    const prev = this.#prev[row]!;
    const next = this.#next[row]!;
    if (prev < 0) this.#first[list] = next;
    else this.#next[prev] = next;
    if (next < 0) this.#last[list] = prev;
    else this.#prev[next] = prev;
    this.#list[row] = -1;
  }
}
