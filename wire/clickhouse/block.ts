import { ByteBuffer } from './byte-buffer.ts';
import type { Column } from './columns.ts';

/** Rows of one table and partition in ClickHouse's Native format: the body of one INSERT. */
export interface Block {
  readonly table: string;
  /** Days since 1970 in UTC that all rows belong to; -1 when rows of several days are mixed. */
  readonly day: number;
  readonly rows: number;
  /** Names of the columns, in the order of the body, for the INSERT statement. */
  readonly columns: readonly string[];
  readonly body: Uint8Array;
}

/** Gives at least `bytes` bytes of any content: a block overwrites what it uses. */
export type Allocate = (bytes: number) => Uint8Array;

/**
 * Writes columns as one Native block, as revision 0 of the protocol has it (HTTP interface):
 *
 *     varint columns | varint rows | per column: name, type, prefix, data
 */
export function writeBlock(
  columns: readonly Column[],
  rows: number,
  allocate: Allocate = Buffer.allocUnsafeSlow,
): Uint8Array {
  let size = 20;
  for (const column of columns) {
    size += column.byteSize() + column.name.length + column.type.length + 40;
  }
  const out = new ByteBuffer(0);
  out.bytes = allocate(size);
  out.varint(columns.length);
  out.varint(rows);
  for (const column of columns) {
    out.varint(column.name.length);
    out.latin1(column.name);
    out.varint(column.type.length);
    out.latin1(column.type);
    if (rows === 0) continue;
    column.writePrefix(out);
    column.writeData(out);
  }
  return out.view();
}

/** Bytes of data that the columns hold by now. */
export function dataSize(columns: readonly Column[]): number {
  let size = 0;
  for (const column of columns) size += column.byteSize();
  return size;
}
