import { Edit } from './edits.ts';

const noEdits = new Int32Array(0);

/** Longer lists that are out of order are sorted; shorter ones are put in order one by one. */
const fewEdits = 32;

/**
 * Below zero when edit `a` is written before edit `b`: at the same place insertions come first, and
 * else the older.
 */
function compare(edits: Int32Array, a: number, b: number): number {
  const place = edits[a + Edit.oldStart]!;
  const other = edits[b + Edit.oldStart]!;
  if (place !== other) return place - other;
  const inserts = edits[a + Edit.oldEnd] === place;
  if (inserts !== (edits[b + Edit.oldEnd] === other)) return inserts ? -1 : 1;
  return a - b;
}

/** The edits of one node in the order of their places; filled anew for each node. */
export class EditList {
  ops = noEdits;
  count = 0;
  /** First edit that was not written. */
  next = 0;

  /** Takes up a node's edits, of which `head` is the newest. */
  collect(edits: Int32Array, head: number): void {
    let count = 0;
    let inOrder = true;
    for (let op = head; op >= 0; op = edits[op]!) {
      if (count === this.ops.length) this.#grow();
      this.ops[count] = op;
      if (count > 0 && inOrder) inOrder = compare(edits, op, this.ops[count - 1]!) < 0;
      count += 1;
    }
    this.count = count;
    this.next = 0;
    // the newest came first: edits that were made from front to back only have to be turned round
    this.#turnRound();
    if (inOrder) return;
    if (count <= fewEdits) this.#insertionSort(edits);
    else this.ops.subarray(0, count).sort((a, b) => compare(edits, a, b));
  }

  #turnRound(): void {
    const { ops } = this;
    for (let i = 0, j = this.count - 1; i < j; i += 1, j -= 1) {
      const op = ops[i]!;
      ops[i] = ops[j]!;
      ops[j] = op;
    }
  }

  #insertionSort(edits: Int32Array): void {
    const { ops } = this;
    for (let n = 1; n < this.count; n += 1) {
      const op = ops[n]!;
      let i = n;
      for (; i > 0 && compare(edits, op, ops[i - 1]!) < 0; i -= 1) ops[i] = ops[i - 1]!;
      ops[i] = op;
    }
  }

  #grow(): void {
    const grown = new Int32Array(this.ops.length * 2 + 16);
    grown.set(this.ops);
    this.ops = grown;
  }
}
