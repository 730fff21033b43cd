import type { Batch } from './batch.ts';
import { OtlpBatch } from './otlp-batch.ts';
import { Cursor, readVarint, skipValue } from './proto/cursor.ts';
import { varintSize, Writer } from './proto/writer.ts';
import { MessageView } from './readers/message-view.ts';

/** Field of the attributes in spans and log records. */
const attributeFields = { traces: 9, logs: 6 } as const;

/** Where {@link pickItems} lets items go. */
export interface ItemOutput {
  /** Keeps the item as it is. */
  keep(): void;
  /**
   * Keeps the item without the bytes [start, end) of `cuts` (whole fields, ascending, in pairs),
   * and with `length` bytes of `added` (whole fields) behind.
   */
  change(cuts: readonly number[], added: Uint8Array, length: number): void;
}

/**
 * Writes a batch anew with some of its items, in one pass over the bytes. Groups that are left
 * without items go; all else of groups stays, after the resource or scope.
 * @param decide is given each item, with its group's resource, and calls `out.keep` or
 *   `out.change` once, or neither: the item goes
 * @returns undefined when no item is left; the batch itself when all were kept as they are
 */
export function pickItems<S extends 'traces' | 'logs'>(
  batch: Batch<S>,
  decide: (item: MessageView, out: ItemOutput) => void,
): Batch<S> | undefined {
  const ranges: Uint8Array[] = [];
  const counts: number[] = [];
  let changed = false;
  for (const bytes of batch.ranges()) {
    const picker = new Picker(bytes, attributeFields[batch.signal], decide);
    picker.run();
    changed ||= picker.changed;
    if (picker.kept === 0) continue;
    ranges.push(picker.changed ? picker.out.finish() : bytes);
    counts.push(picker.kept);
  }
  if (ranges.length === 0) return undefined;
  return changed ? new OtlpBatch(batch.signal, ranges, counts) : batch;
}

class Picker implements ItemOutput {
  readonly out: Writer;
  kept = 0;
  changed = false;
  readonly #bytes: Uint8Array;
  readonly #decide: (item: MessageView, out: ItemOutput) => void;
  readonly #item = new MessageView();
  readonly #cursor: Cursor;
  /** Bounds of the groups that the walk is in, and of the item with its tag. */
  #group = 0;
  #groupEnd = 0;
  #scope = 0;
  #scopeEnd = 0;
  #header = 0;
  /** What {@link Writer.open} gave, -1 = not open. */
  #openGroup = -1;
  #openScope = -1;

  constructor(
    bytes: Uint8Array,
    attributeField: number,
    decide: (item: MessageView, out: ItemOutput) => void,
  ) {
    this.#bytes = bytes;
    this.#decide = decide;
    this.#item.attributeField = attributeField;
    this.#cursor = new Cursor(bytes);
    this.out = new Writer(Math.max(256, bytes.length >> 2));
  }

  run(): void {
    const c = this.#cursor;
    const { length } = this.#bytes;
    while (c.pos < length) {
      const tag = readVarint(c);
      if (tag !== 10) {
        skipValue(c, tag);
        continue;
      }
      const size = readVarint(c);
      this.#group = c.pos;
      this.#groupEnd = c.pos + size;
      this.#walkGroup(c);
      c.pos = this.#groupEnd;
    }
  }

  #walkGroup(c: Cursor): void {
    this.#openGroup = -1;
    while (c.pos < this.#groupEnd) {
      const tag = readVarint(c);
      if (tag !== 18) {
        skipValue(c, tag);
        continue;
      }
      const size = readVarint(c);
      this.#scope = c.pos;
      this.#scopeEnd = c.pos + size;
      this.#walkScope(c);
      c.pos = this.#scopeEnd;
    }
    if (this.#openGroup >= 0) this.out.close(this.#openGroup);
    else this.changed = true;
  }

  #walkScope(c: Cursor): void {
    this.#openScope = -1;
    while (c.pos < this.#scopeEnd) {
      this.#header = c.pos;
      const tag = readVarint(c);
      if (tag !== 18) {
        skipValue(c, tag);
        continue;
      }
      const size = readVarint(c);
      const end = c.pos + size;
      this.#item.bindBytes(this.#bytes, c.pos, end);
      const before = this.kept;
      this.#decide(this.#item, this);
      if (this.kept === before) this.changed = true;
      c.pos = end;
    }
    if (this.#openScope >= 0) this.out.close(this.#openScope);
    else this.changed = true;
  }

  keep(): void {
    this.#open();
    this.out.copy(this.#bytes, this.#header, this.#item.end);
  }

  change(cuts: readonly number[], added: Uint8Array, length: number): void {
    this.#open();
    this.changed = true;
    const { out } = this;
    const { start, end } = this.#item;
    let size = end - start + length;
    for (let i = 0; i < cuts.length; i += 2) size -= cuts[i + 1]! - cuts[i]!;
    out.tag(2, 2);
    out.varint(size);
    let from = start;
    for (let i = 0; i < cuts.length; i += 2) {
      out.copy(this.#bytes, from, cuts[i]!);
      from = cuts[i + 1]!;
    }
    out.copy(this.#bytes, from, end);
    out.copy(added, 0, length);
  }

  /** Opens what holds the item, with all that is in there beside scopes and items. */
  #open(): void {
    this.kept += 1;
    if (this.#openScope >= 0) return;
    if (this.#openGroup < 0) {
      this.#openGroup = this.out.open(1, varintSize(this.#groupEnd - this.#group));
      this.#copyRest(this.#group, this.#groupEnd);
    }
    this.#openScope = this.out.open(2, varintSize(this.#scopeEnd - this.#scope));
    this.#copyRest(this.#scope, this.#scopeEnd);
  }

  /** Copies the fields of a group that are not field 2. */
  #copyRest(start: number, end: number): void {
    const c = new Cursor(this.#bytes, start);
    while (c.pos < end) {
      const header = c.pos;
      const tag = readVarint(c);
      skipValue(c, tag);
      if (tag !== 18) this.out.copy(this.#bytes, header, c.pos);
    }
  }
}
