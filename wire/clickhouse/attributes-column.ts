import { AsString } from './as-string.ts';
import type { AttributeList } from './attribute-list.ts';
import { MapColumn, StringColumn } from './columns.ts';
import { doubled } from './dictionary.ts';

/** Remembered key sequences, a power of two, and the longest of them. */
const MEMO_SLOTS = 64;
const MEMO_KEYS = 32;

/**
 * Map(LowCardinality(String), String) of attributes, values as text (`AsString`), pairs sorted by
 * key; equal keys stay in the order sent.
 *
 * Most items of a stream have one of few sequences of keys, so the sorted order of a sequence is
 * remembered by its dictionary numbers.
 */
export class AttributesColumn extends MapColumn<StringColumn> {
  readonly #asString = new AsString();
  #ids = new Int32Array(MEMO_KEYS);
  #order = new Int32Array(MEMO_KEYS);
  readonly #memoCount = new Int32Array(MEMO_SLOTS).fill(-1);
  readonly #memoIds = new Int32Array(MEMO_SLOTS * MEMO_KEYS);
  readonly #memoOrder = new Int32Array(MEMO_SLOTS * MEMO_KEYS);
  #sharedSerial = -1;
  #sharedIds = new Int32Array(MEMO_KEYS);

  constructor(name: string) {
    super(name, new StringColumn(''));
  }

  /** Adds a row with the attributes of `list`. */
  put(b: Uint8Array, list: AttributeList): void {
    const count = list.count;
    if (count > 0) {
      while (count > this.#ids.length) {
        this.#ids = doubled(this.#ids);
        this.#order = doubled(this.#order);
      }
      const slot = this.#number(b, list, count);
      this.#sort(slot, count);
      const { keys, values } = this;
      for (let k = 0; k < count; k++) {
        const i = this.#order[k]!;
        keys.putId(this.#ids[i]!);
        this.#asString.put(values, b, list.valueStart[i]!, list.valueEnd[i]!);
      }
    }
    this.offsets.end(count);
  }

  /** Numbers the keys into #ids, guessing those of the row before. @returns the memo slot */
  #number(b: Uint8Array, list: AttributeList, count: number): number {
    const dictionary = this.keys.keys;
    const ids = this.#ids;
    let hash = count;
    for (let i = 0; i < count; i++) {
      const start = list.keyStart[i]!;
      const end = list.keyEnd[i]!;
      let id = ids[i]!;
      if (!dictionary.is(id, b, start, end)) {
        id = dictionary.id(b, start, end);
        ids[i] = id;
      }
      hash = Math.imul(hash ^ id, 0x9e3779b1);
    }
    return (hash ^ (hash >>> 16)) & (MEMO_SLOTS - 1);
  }

  /** Fills #order for the first `count` of #ids. */
  #sort(slot: number, count: number): void {
    if (this.#recall(slot, count)) return;
    const dictionary = this.keys.keys;
    const ids = this.#ids;
    const order = this.#order;
    for (let k = 0; k < count; k++) {
      let at = k;
      while (at > 0 && dictionary.compare(ids[order[at - 1]!]!, ids[k]!) > 0) {
        order[at] = order[at - 1]!;
        at--;
      }
      order[at] = k;
    }
    if (count > MEMO_KEYS) return;
    this.#memoCount[slot] = count;
    const base = slot * MEMO_KEYS;
    for (let k = 0; k < count; k++) {
      this.#memoIds[base + k] = ids[k]!;
      this.#memoOrder[base + k] = order[k]!;
    }
  }

  #recall(slot: number, count: number): boolean {
    if (this.#memoCount[slot] !== count) return false;
    const base = slot * MEMO_KEYS;
    const ids = this.#ids;
    for (let k = 0; k < count; k++) if (this.#memoIds[base + k] !== ids[k]) return false;
    for (let k = 0; k < count; k++) this.#order[k] = this.#memoOrder[base + k]!;
    return true;
  }

  /** Adds a row with attributes that many rows have. */
  putShared(shared: SharedAttributes): void {
    const count = shared.count;
    if (this.#sharedSerial !== shared.serial) this.#numberShared(shared);
    for (let k = 0; k < count; k++) this.keys.putId(this.#sharedIds[k]!);
    this.values.data.copy(shared.values.data.bytes, 0, shared.values.data.length);
    this.offsets.end(count);
  }

  #numberShared(shared: SharedAttributes): void {
    while (shared.count > this.#sharedIds.length) this.#sharedIds = doubled(this.#sharedIds);
    const { keys } = shared;
    for (let k = 0; k < shared.count; k++) {
      const at = keys.idAt(k);
      const { content, start, end } = keys.keys;
      this.#sharedIds[k] = this.keys.keys.id(content.bytes, start[at]!, end[at]!);
    }
    this.#sharedSerial = shared.serial;
  }

  override reset(): void {
    super.reset();
    this.#memoCount.fill(-1);
    this.#sharedSerial = -1;
  }
}

/** Attributes of a resource or scope, made ready once for all rows below it. */
export class SharedAttributes {
  /** Changes with the content; never the same twice in one instance's life. */
  serial = 0;
  readonly #row = new AttributesColumn('');

  get count(): number {
    return this.#row.offsets.total;
  }

  get keys(): AttributesColumn['keys'] {
    return this.#row.keys;
  }

  get values(): StringColumn {
    return this.#row.values;
  }

  set(b: Uint8Array, list: AttributeList): void {
    this.serial++;
    this.#row.reset();
    this.#row.put(b, list);
  }
}
