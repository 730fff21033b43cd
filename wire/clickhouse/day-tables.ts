import { type Allocate, type Block, dataSize, writeBlock } from './block.ts';
import { type Column, FixedColumn } from './columns.ts';

/** The columns of one table for rows of one day. */
export interface Table {
  readonly columns: readonly Column[];
  rows: number;
}

/** What a sealed batch adds to its blocks. */
export interface SealOptions {
  readonly table: string;
  /** Columns that the table has; others are left out. Absent: all. */
  readonly present?: ReadonlySet<string>;
  /** Column (UInt64) that takes the batch's id; absent: none. */
  readonly batchColumn?: string;
  readonly batchId: bigint;
  /** Where bodies of blocks come from; absent: fresh memory. */
  readonly allocate?: Allocate;
}

/** Days that get a block of their own; rows of further days share one mixed block. */
const MAX_DAYS = 32;
const MIXED = -1;
/** Emptied tables kept for the next block. */
const KEPT = 2;

/** Rows of one table cut by day, since one INSERT shall touch one partition. */
export class DayTables<T extends Table> {
  readonly #create: () => T;
  readonly #byDay = new Map<number, T>();
  readonly #free: T[] = [];
  #lastDay = Number.NaN;
  #last: T | undefined;

  constructor(create: () => T) {
    this.#create = create;
  }

  /** The table for rows of `day` (days since 1970). */
  for(day: number): T {
    if (day === this.#lastDay) return this.#last!;
    let table = this.#byDay.get(day);
    if (table === undefined) {
      const key = this.#byDay.size < MAX_DAYS ? day : MIXED;
      table = this.#byDay.get(key) ?? this.#free.pop() ?? this.#create();
      this.#byDay.set(key, table);
    }
    this.#lastDay = day;
    this.#last = table;
    return table;
  }

  get rows(): number {
    let rows = 0;
    for (const table of this.#byDay.values()) rows += table.rows;
    return rows;
  }

  /** Bytes of column data held. */
  get bytes(): number {
    let bytes = 0;
    for (const table of this.#byDay.values()) bytes += dataSize(table.columns);
    return bytes;
  }

  /** Writes what is held as blocks, oldest day first, and forgets it. */
  seal(options: SealOptions): Block[] {
    return this.sealEach((table, day) => {
      const block = sealTable(table, day, options);
      for (const column of table.columns) column.reset();
      table.rows = 0;
      return block;
    });
  }

  /** The same, with what makes a block of a table and empties it. */
  sealEach(make: (table: T, day: number) => Block | readonly Block[]): Block[] {
    const blocks: Block[] = [];
    const days = [...this.#byDay.keys()].sort((a, b) => a - b);
    for (const day of days) {
      const table = this.#byDay.get(day)!;
      blocks.push(...[make(table, day)].flat());
      if (this.#free.length < KEPT) this.#free.push(table);
    }
    this.#byDay.clear();
    this.#lastDay = Number.NaN;
    this.#last = undefined;
    return blocks;
  }
}

function sealTable(table: Table, day: number, options: SealOptions): Block {
  const { present, batchColumn } = options;
  const columns = table.columns.filter(
    (column) => present === undefined || present.has(column.name),
  );
  if (batchColumn !== undefined) columns.push(constant64(batchColumn, options.batchId, table.rows));
  return {
    table: options.table,
    day,
    rows: table.rows,
    columns: columns.map((column) => column.name),
    body: writeBlock(columns, table.rows, options.allocate),
  };
}

function constant64(name: string, value: bigint, rows: number): FixedColumn {
  const column = new FixedColumn(name, 'UInt64');
  column.data.reserve(rows * 8);
  const low = Number(value & 0xffff_ffffn);
  const high = Number(value >> 32n);
  for (let row = 0; row < rows; row++) column.data.u64(low, high);
  return column;
}
