import type { AttributeList } from '../attribute-list.ts';
import { type Column, FixedColumn, MapColumn, StringColumn } from '../columns.ts';
import { doubled } from '../dictionary.ts';
import { boolAt, Kind, ValueAt } from '../value-at.ts';
import { copyVarint64, varint64 } from '../varint64.ts';
import { typedJson } from './typed-json.ts';

/** Adds the key `[start, end)` of `b`; equal keys tend to stand in the same place of each row. */
class GuessingMap<V extends Column> extends MapColumn<V> {
  #guess = new Int32Array(32);
  #place = 0;

  key(b: Uint8Array, start: number, end: number): void {
    const { keys } = this;
    const place = this.#place++;
    if (place === this.#guess.length) this.#guess = doubled(this.#guess);
    let id = this.#guess[place]!;
    if (!keys.keys.is(id, b, start, end)) {
      id = keys.keys.id(b, start, end);
      this.#guess[place] = id;
    }
    keys.putId(id);
  }

  endRow(): void {
    this.offsets.end(this.#place);
    this.#place = 0;
  }
}

/** Attributes by type, in the order sent within each type; equal keys are kept. */
export class TypedAttributes {
  readonly strings: GuessingMap<StringColumn>;
  readonly ints: GuessingMap<FixedColumn>;
  readonly floats: GuessingMap<FixedColumn>;
  readonly bools: GuessingMap<FixedColumn>;
  readonly others: GuessingMap<StringColumn>;
  readonly columns: readonly Column[];
  /** Low and high half of each integer in `apart` in the row put last; 0 when it has none. */
  readonly taken: Uint32Array;
  readonly #apart: readonly Uint8Array[];
  readonly #value = new ValueAt();

  /**
   * @param prefix of the column names, e.g. `attributes_`
   * @param apart keys of integers that go to `taken` instead; zero and a second one of the same
   * key, which `taken` cannot hold, stay where they are
   */
  constructor(prefix: string, apart: readonly Uint8Array[] = []) {
    this.#apart = apart;
    this.taken = new Uint32Array(apart.length * 2);
    this.strings = new GuessingMap(`${prefix}string`, new StringColumn(''));
    this.ints = new GuessingMap(`${prefix}int`, new FixedColumn('', 'Int64'));
    this.floats = new GuessingMap(`${prefix}float`, new FixedColumn('', 'Float64'));
    this.bools = new GuessingMap(`${prefix}bool`, new FixedColumn('', 'Bool'));
    this.others = new GuessingMap(`${prefix}other`, new StringColumn(''));
    this.columns = [this.strings, this.ints, this.floats, this.bools, this.others];
  }

  put(b: Uint8Array, list: AttributeList): void {
    this.taken.fill(0);
    for (let i = 0; i < list.count; i++) this.#pair(b, list, i);
    this.strings.endRow();
    this.ints.endRow();
    this.floats.endRow();
    this.bools.endRow();
    this.others.endRow();
  }

  #pair(b: Uint8Array, list: AttributeList, i: number): void {
    const value = this.#value;
    value.locate(b, list.valueStart[i]!, list.valueEnd[i]!);
    const start = list.keyStart[i]!;
    const end = list.keyEnd[i]!;
    switch (value.kind) {
      case Kind.STRING:
        this.strings.key(b, start, end);
        this.strings.values.put(b, value.start, value.end);
        return;
      case Kind.INT:
        this.#int(b, start, end, value.start);
        return;
      case Kind.DOUBLE:
        this.floats.key(b, start, end);
        this.floats.values.data.copy8(b, value.start);
        return;
      case Kind.BOOL:
        this.bools.key(b, start, end);
        this.bools.values.data.u8(boolAt(b, value.start) ? 1 : 0);
        return;
      default: {
        this.others.key(b, start, end);
        const text = typedJson(b, list.valueStart[i]!, list.valueEnd[i]!);
        this.others.values.put(text, 0, text.length);
      }
    }
  }

  #int(b: Uint8Array, start: number, end: number, valueAt: number): void {
    for (let k = 0; k < this.#apart.length; k++) {
      if (!equal(b, start, end, this.#apart[k]!)) continue;
      const value = varint64(b, valueAt);
      if (value === 0n || (this.taken[k * 2]! | this.taken[k * 2 + 1]!) !== 0) continue;
      this.taken[k * 2] = Number(value & 0xffff_ffffn);
      this.taken[k * 2 + 1] = Number(value >> 32n);
      return;
    }
    this.ints.key(b, start, end);
    copyVarint64(this.ints.values.data, b, valueAt);
  }
}

function equal(b: Uint8Array, start: number, end: number, key: Uint8Array): boolean {
  if (end - start !== key.length) return false;
  for (let i = 0; i < key.length; i++) if (b[start + i] !== key[i]) return false;
  return true;
}

/** Attributes as two maps: strings as they are, every other value as typed JSON. */
export class TextAttributes {
  readonly strings: GuessingMap<StringColumn>;
  readonly others: GuessingMap<StringColumn>;
  readonly #value = new ValueAt();

  /** @param names of the two columns */
  constructor(names: readonly [strings: string, others: string] = ['', '']) {
    this.strings = new GuessingMap(names[0], new StringColumn(''));
    this.others = new GuessingMap(names[1], new StringColumn(''));
  }

  put(b: Uint8Array, list: AttributeList): void {
    const value = this.#value;
    for (let i = 0; i < list.count; i++) {
      const start = list.keyStart[i]!;
      const end = list.keyEnd[i]!;
      value.locate(b, list.valueStart[i]!, list.valueEnd[i]!);
      if (value.kind === Kind.STRING) {
        this.strings.key(b, start, end);
        this.strings.values.put(b, value.start, value.end);
      } else {
        this.others.key(b, start, end);
        const text = typedJson(b, list.valueStart[i]!, list.valueEnd[i]!);
        this.others.values.put(text, 0, text.length);
      }
    }
    this.strings.endRow();
    this.others.endRow();
  }
}
