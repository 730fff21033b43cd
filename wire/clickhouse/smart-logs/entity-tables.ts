import { addressBytes } from '../../address/parse.ts';
import { type Block, writeBlock } from '../block.ts';
import {
  type Column,
  FixedColumn,
  LowCardinalityColumn,
  MapColumn,
  StringColumn,
} from '../columns.ts';
import { type EntityRow, relatedColumns } from './entity-event.ts';

/** Rows lie in several partitions; sending a block again changes nothing. */
const MIXED = -1;

/** Rows of table `entities`. */
export function entitiesBlock(rows: readonly EntityRow[]): Block {
  const id = new FixedColumn('id', 'UInt64');
  const type = new LowCardinalityColumn('type');
  const name = new StringColumn('name');
  const from = new FixedColumn('valid_from', "DateTime('UTC')");
  const to = new FixedColumn('valid_to', "DateTime('UTC')");
  const related = relatedColumns.map((column) => new FixedColumn(column, 'UInt64'));
  const zone = new LowCardinalityColumn('zone');
  const region = new LowCardinalityColumn('region');
  const identity = new MapColumn('identity', new StringColumn(''));
  const tags = new MapColumn('tags', new StringColumn(''));
  const updated = new FixedColumn('updated_at', "DateTime64(3, 'UTC')");
  for (const row of rows) {
    put64(id, row.id);
    putText(type, row.type);
    putText(name, row.name);
    from.data.u32(row.validFrom);
    to.data.u32(row.validTo);
    for (const column of related) put64(column, row.related.get(nameOf(column)) ?? 0n);
    putText(zone, row.zone);
    putText(region, row.region);
    putMap(identity, row.identity);
    putMap(tags, row.tags);
    put64(updated, row.updatedMs);
  }
  const columns = [id, type, name, from, to, ...related, zone, region, identity, tags, updated];
  return blockOf('entities', columns, rows.length);
}

function nameOf(column: FixedColumn): (typeof relatedColumns)[number] {
  return column.name as (typeof relatedColumns)[number];
}

/** Rows of table `entity_addresses`; undefined when there are none. */
export function addressesBlock(rows: readonly EntityRow[]): Block | undefined {
  const address = new FixedColumn('address', 'IPv6');
  const prefix = new FixedColumn('prefix', 'UInt8');
  const entity = new FixedColumn('entity', 'UInt64');
  const from = new FixedColumn('valid_from', "DateTime('UTC')");
  const to = new FixedColumn('valid_to', "DateTime('UTC')");
  const updated = new FixedColumn('updated_at', "DateTime64(3, 'UTC')");
  let count = 0;
  for (const row of rows) {
    for (const one of row.addresses) {
      address.data.copy(addressBytes(one.address), 0, 16);
      prefix.data.u8(one.prefix);
      put64(entity, row.id);
      from.data.u32(row.validFrom);
      to.data.u32(row.validTo);
      put64(updated, row.updatedMs);
      count++;
    }
  }
  if (count === 0) return undefined;
  return blockOf('entity_addresses', [address, prefix, entity, from, to, updated], count);
}

function blockOf(table: string, columns: readonly Column[], rows: number): Block {
  const names = columns.map((column) => column.name);
  return { table, day: MIXED, rows, columns: names, body: writeBlock(columns, rows) };
}

function put64(column: FixedColumn, value: bigint): void {
  column.data.u64(Number(value & 0xffff_ffffn), Number((value >> 32n) & 0xffff_ffffn));
}

function putText(column: StringColumn | LowCardinalityColumn, text: string): void {
  const bytes = Buffer.from(text);
  column.put(bytes, 0, bytes.length);
}

function putMap(column: MapColumn<StringColumn>, map: ReadonlyMap<string, string>): void {
  for (const [key, value] of map) {
    putText(column.keys, key);
    putText(column.values, value);
  }
  column.offsets.end(map.size);
}
