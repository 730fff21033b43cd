import type { Allocate } from '../block.ts';
import { writeBlock } from '../block.ts';
import { FixedColumn } from '../columns.ts';
import { readStoredRows, StoredFlag, type StoredRows } from './stored-rows.ts';

/** One block of `metric_samples`. */
export interface SortedSamples {
  /** Bits of StoredFlag: columns `start_time` and `flags` are left out where all of them are 0. */
  readonly flags: number;
  readonly body: Uint8Array;
}

/**
 * Makes a block of rows in the form in which batches wait, by series and time, so that ClickHouse
 * need not sort; what came later stays behind its equals.
 */
export interface SampleSealer {
  seal(
    pieces: readonly Uint8Array[],
    day: number,
    rows: number,
    allocate?: Allocate,
  ): SortedSamples;
}

/** Columns of a block with these flags. */
export function sampleColumns(flags: number): string[] {
  return [
    'day',
    'series_id',
    'time',
    ...((flags & StoredFlag.STARTS) !== 0 ? ['start_time'] : []),
    ...((flags & StoredFlag.FLAGS) !== 0 ? ['flags'] : []),
    'mantissa',
    'scale',
  ];
}

/** Where a row lies: piece and place in it. */
interface Place {
  readonly piece: ReturnType<typeof readStoredRows>;
  readonly row: number;
  readonly series: bigint;
  readonly time: bigint;
}

/** The sealer where the addon is not there, and its judge. */
export const plainSealer: SampleSealer = {
  seal(pieces, day, _rows, allocate) {
    const places = pieces.flatMap((bytes) => placesOf(readStoredRows(bytes)));
    places.sort((a, b) => compare(a.series, b.series) || compare(a.time, b.time));
    const columns = {
      day: new FixedColumn('day', 'Date'),
      series: new FixedColumn('series_id', 'UInt64'),
      time: new FixedColumn('time', "DateTime64(9, 'UTC')"),
      start: new FixedColumn('start_time', "DateTime64(9, 'UTC')"),
      flags: new FixedColumn('flags', 'UInt32'),
      mantissa: new FixedColumn('mantissa', 'Int64'),
      scale: new FixedColumn('scale', 'Int8'),
    };
    for (const { piece, row } of places) {
      columns.day.data.u8(day);
      columns.day.data.u8(day >>> 8);
      for (const name of ['series', 'time', 'start', 'flags', 'mantissa', 'scale'] as const) {
        const from = piece.column(name);
        const size = name === 'flags' ? 4 : name === 'scale' ? 1 : 8;
        if (from.length === 0) columns[name].data.zeros(size);
        else columns[name].data.copy(from, row * size, (row + 1) * size);
      }
    }
    const used = (column: FixedColumn): boolean => column.data.view().some((byte) => byte !== 0);
    const flags =
      (used(columns.start) ? StoredFlag.STARTS : 0) | (used(columns.flags) ? StoredFlag.FLAGS : 0);
    const names = new Set(sampleColumns(flags));
    const present = Object.values(columns).filter(({ name }) => names.has(name));
    return { flags, body: writeBlock(present, places.length, allocate) };
  },
};

function placesOf(piece: StoredRows & ReturnType<typeof readStoredRows>): Place[] {
  const series = viewOf(piece.column('series'));
  const time = viewOf(piece.column('time'));
  return Array.from({ length: piece.rows }, (_, row) => ({
    piece,
    row,
    series: series.getBigUint64(8 * row, true),
    time: time.getBigUint64(8 * row, true),
  }));
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function compare(a: bigint, b: bigint): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
