import { type Block, writeBlock } from '../block.ts';
import {
  ArrayColumn,
  type Column,
  FixedColumn,
  LowCardinalityColumn,
  StringColumn,
} from '../columns.ts';
import { type InternedSet, SetFields } from './sets.ts';
import { TextAttributes } from './typed-attributes.ts';

/** Rows of table `resources` for one day. */
export function resourcesBlock(day: number, sets: readonly InternedSet[]): Block {
  const service = new LowCardinalityColumn('service');
  const entityRefs = new ArrayColumn('entity_refs', new StringColumn(''));
  const common = new SetColumns(day);
  for (const set of sets) {
    const fields = common.put(set);
    service.put(set.service, 0, set.service.length);
    const { entityRefs: refs } = fields;
    for (let i = 0; i < refs.count; i++) {
      entityRefs.items.put(set.message, refs.start(i), refs.end(i));
    }
    entityRefs.offsets.end(refs.count);
  }
  return blockOf('resources', day, sets.length, [...common.columns, service, entityRefs]);
}

/** Rows of table `scopes` for one day. */
export function scopesBlock(day: number, sets: readonly InternedSet[]): Block {
  const name = new StringColumn('name');
  const version = new StringColumn('version');
  const common = new SetColumns(day);
  for (const set of sets) {
    const fields = common.put(set);
    name.put(set.message, fields.nameStart, fields.nameEnd);
    version.put(set.message, fields.versionStart, fields.versionEnd);
  }
  return blockOf('scopes', day, sets.length, [...common.columns, name, version]);
}

/** What an operation is: the spans of a service with one name and kind. */
export interface Operation {
  readonly service: Uint8Array;
  readonly name: Uint8Array;
  readonly kind: number;
}

/** Rows of table `operations` for one day. */
export function operationsBlock(day: number, operations: readonly Operation[]): Block {
  const days = new FixedColumn('day', 'Date');
  const service = new LowCardinalityColumn('service');
  const name = new StringColumn('name');
  const kind = new FixedColumn('kind', 'UInt8');
  for (const operation of operations) {
    putDay(days, day);
    service.put(operation.service, 0, operation.service.length);
    name.put(operation.name, 0, operation.name.length);
    kind.data.u8(operation.kind);
  }
  return blockOf('operations', day, operations.length, [days, service, name, kind]);
}

function putDay(column: FixedColumn, day: number): void {
  column.data.u8(day);
  column.data.u8(day >>> 8);
}

/** Columns that `resources` and `scopes` share. */
class SetColumns {
  readonly #day: number;
  readonly #fields = new SetFields();
  readonly day = new FixedColumn('day', 'Date');
  readonly id = new FixedColumn('id', 'UInt64');
  readonly attributes = new TextAttributes(['attributes', 'attributes_other']);
  readonly dropped = new FixedColumn('dropped_attributes', 'UInt32');
  readonly url = new StringColumn('schema_url');
  readonly columns: readonly Column[] = [
    this.day,
    this.id,
    this.attributes.strings,
    this.attributes.others,
    this.dropped,
    this.url,
  ];

  constructor(day: number) {
    this.#day = day;
  }

  /** Adds the columns of one set; its fields are valid until the next call. */
  put(set: InternedSet): SetFields {
    const fields = this.#fields;
    fields.read(set.kind, set.message);
    putDay(this.day, this.#day);
    this.id.data.u64(set.idLow, set.idHigh);
    this.attributes.put(set.message, fields.attributes);
    this.dropped.data.u32(fields.dropped);
    this.url.put(set.url, 0, set.url.length);
    return fields;
  }
}

function blockOf(table: string, day: number, rows: number, columns: readonly Column[]): Block {
  const names = columns.map((column) => column.name);
  return { table, day, rows, columns: names, body: writeBlock(columns, rows) };
}
