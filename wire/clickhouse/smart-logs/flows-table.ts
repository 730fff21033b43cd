import { MapColumn, StringColumn } from '../columns.ts';
import type { Table } from '../day-tables.ts';
import { Dictionary } from '../dictionary.ts';
import type { Message } from '../message.ts';
import { typedJson } from '../smart/typed-json.ts';
import { Kind, ValueAt } from '../value-at.ts';
import { columnsOf, flowColumns } from './flow-columns.ts';
import { RowHead } from './row-head.ts';

/** Distinct keys of attributes that are remembered beside the mapped ones. */
const MAX_KEYS = 4096;

/** Columns of `flows` (docs/schema.md) for one day. */
export class FlowsTable implements Table {
  rows = 0;
  readonly head = new RowHead();
  readonly #mapped = flowColumns();
  readonly #others = new MapColumn('attributes', new StringColumn(''));
  readonly columns = [...this.head.columns, ...columnsOf(this.#mapped), this.#others];
  /** Numbers of keys: those of mapped attributes are their places. */
  readonly #keys = new Dictionary();
  readonly #filled = new Uint8Array(this.#mapped.length);
  readonly #value = new ValueAt();

  constructor() {
    this.#resetKeys();
  }

  #resetKeys(): void {
    this.#keys.reset();
    for (const { attribute } of this.#mapped) {
      const key = Buffer.from(attribute);
      this.#keys.id(key, 0, key.length);
    }
  }

  /** Adds what the head has not. */
  put(b: Uint8Array, record: Message): void {
    const { attributes } = record;
    const mapped = this.#mapped;
    const filled = this.#filled.fill(0);
    let others = 0;
    if (this.#keys.size > MAX_KEYS) this.#resetKeys();
    for (let i = 0; i < attributes.count; i++) {
      const start = attributes.keyStart[i]!;
      const end = attributes.keyEnd[i]!;
      this.#value.locate(b, attributes.valueStart[i]!, attributes.valueEnd[i]!);
      const place = this.#keys.id(b, start, end);
      if (place < mapped.length && filled[place] === 0 && mapped[place]!.put(b, this.#value)) {
        filled[place] = 1;
        continue;
      }
      others++;
      this.#others.keys.put(b, start, end);
      this.#putOther(b, attributes.valueStart[i]!, attributes.valueEnd[i]!);
    }
    this.#others.offsets.end(others);
    for (let place = 0; place < mapped.length; place++) {
      if (filled[place] === 0) mapped[place]!.putDefault();
    }
  }

  #putOther(b: Uint8Array, start: number, end: number): void {
    const value = this.#value;
    if (value.kind === Kind.STRING) this.#others.values.put(b, value.start, value.end);
    else {
      const text = typedJson(b, start, end);
      this.#others.values.put(text, 0, text.length);
    }
  }
}
