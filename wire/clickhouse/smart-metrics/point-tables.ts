import { ArrayColumn, FixedColumn } from '../columns.ts';
import type { Table } from '../day-tables.ts';
import type { Message } from '../message.ts';
import { TextAttributes } from '../smart/typed-attributes.ts';
import { type Decimal, Scale } from './decimal.ts';
import { putDay } from './series-table.ts';
import { putStoredHeader, StoredFlag, storedHeaderBytes, storedRowBytes } from './stored-rows.ts';

/** Columns that every table of points begins with. Start and time are fields 2 and 3 everywhere. */
class PointHead {
  readonly #day = new FixedColumn('day', 'Date');
  readonly #series = new FixedColumn('series_id', 'UInt64');
  readonly #time = new FixedColumn('time', "DateTime64(9, 'UTC')");
  readonly #start = new FixedColumn('start_time', "DateTime64(9, 'UTC')");
  readonly #flags = new FixedColumn('flags', 'UInt32');
  readonly columns = [this.#day, this.#series, this.#time, this.#start, this.#flags];

  put(
    day: number,
    low: number,
    high: number,
    b: Uint8Array,
    point: Message,
    flagsField: number,
  ): void {
    putDay(this.#day, day);
    this.#series.data.u64(low, high);
    this.#time.data.u64(point.low(b, 3), point.high(b, 3));
    this.#start.data.u64(point.low(b, 2), point.high(b, 2));
    this.#flags.data.u32(point.varint(b, flagsField));
  }

  /** Bytes of all but the day, in the order of columns. */
  get parts(): readonly Uint8Array[] {
    return [this.#series, this.#time, this.#start, this.#flags].map(({ data }) => data.view());
  }
}

/** Columns of `metric_samples` for one day. */
export class SamplesTable implements Table {
  rows = 0;
  readonly head = new PointHead();
  readonly mantissa = new FixedColumn('mantissa', 'Int64');
  readonly scale = new FixedColumn('scale', 'Int8');
  readonly columns = [...this.head.columns, this.mantissa, this.scale];

  /** Rows of the table's day in the form in which batches wait; beside those in the columns. */
  readonly pieces: Uint8Array[] = [];
  /** Rows of `pieces`. */
  pieceRows = 0;

  /** Adds rows in the form in which they waited; the bytes are kept until the next reset. */
  putPiece(bytes: Uint8Array, rows: number): void {
    this.pieces.push(bytes);
    this.pieceRows += rows;
    this.rows += rows;
  }

  /** All rows as pieces. */
  allPieces(): readonly Uint8Array[] {
    const own = this.rows - this.pieceRows;
    return own === 0 ? this.pieces : [...this.pieces, this.#ownPiece(own)];
  }

  #ownPiece(rows: number): Uint8Array {
    const flags = StoredFlag.STARTS | StoredFlag.FLAGS;
    const [series, time, start, pointFlags] = this.head.parts;
    const columns = [series, time, this.mantissa.data.view(), start, pointFlags];
    const piece = Buffer.allocUnsafeSlow(storedHeaderBytes + rows * storedRowBytes(flags));
    const none = new Uint8Array(0);
    putStoredHeader(piece, { receipt: 0, day: 0, rows, flags, ids: 0, declared: none, otlp: none });
    let at = storedHeaderBytes;
    for (const bytes of [...columns, this.scale.data.view()]) {
      piece.set(bytes!, at);
      at += bytes!.length;
    }
    return piece;
  }

  /** Forgets all rows. */
  clear(): void {
    for (const column of this.columns) column.reset();
    this.pieces.length = 0;
    this.pieceRows = 0;
    this.rows = 0;
  }
}

/** Columns of `metric_histograms` for one day. */
export class HistogramsTable implements Table {
  rows = 0;
  readonly head = new PointHead();
  /** Bits: 1 sum, 2 min, 4 max. */
  readonly present = new FixedColumn('present', 'UInt8');
  readonly count = new FixedColumn('count', 'UInt64');
  readonly sum = new FixedColumn('sum', 'Float64');
  readonly min = new FixedColumn('min', 'Float64');
  readonly max = new FixedColumn('max', 'Float64');
  readonly bounds = new ArrayColumn('bounds', new FixedColumn('', 'Float64'));
  readonly counts = new ArrayColumn('counts', new FixedColumn('', 'UInt64'));
  readonly scale = new FixedColumn('scale', 'Int32');
  readonly zeroCount = new FixedColumn('zero_count', 'UInt64');
  readonly zeroThreshold = new FixedColumn('zero_threshold', 'Float64');
  readonly positiveOffset = new FixedColumn('positive_offset', 'Int32');
  readonly negativeOffset = new FixedColumn('negative_offset', 'Int32');
  readonly negativeCounts = new ArrayColumn('negative_counts', new FixedColumn('', 'UInt64'));
  readonly quantileValues = new ArrayColumn('quantile_values', new FixedColumn('', 'Float64'));
  readonly columns = [
    ...this.head.columns,
    this.present,
    this.count,
    this.sum,
    this.min,
    this.max,
    this.bounds,
    this.counts,
    this.scale,
    this.zeroCount,
    this.zeroThreshold,
    this.positiveOffset,
    this.negativeOffset,
    this.negativeCounts,
    this.quantileValues,
  ];
}

/** Columns of `metric_exemplars` for one day. */
export class ExemplarsTable implements Table {
  rows = 0;
  readonly #day = new FixedColumn('day', 'Date');
  readonly #series = new FixedColumn('series_id', 'UInt64');
  readonly #time = new FixedColumn('time', "DateTime64(9, 'UTC')");
  readonly #traceId = new FixedColumn('trace_id', 'FixedString(16)');
  readonly #spanId = new FixedColumn('span_id', 'FixedString(8)');
  readonly mantissa = new FixedColumn('mantissa', 'Int64');
  readonly scale = new FixedColumn('scale', 'Int8');
  readonly #attributes = new TextAttributes(['attributes', 'attributes_other']);
  readonly columns = [
    this.#day,
    this.#series,
    this.#time,
    this.#traceId,
    this.#spanId,
    this.mantissa,
    this.scale,
    this.#attributes.strings,
    this.#attributes.others,
  ];

  /** Adds all but the value of an exemplar, whose attributes are those of `exemplar`. */
  put(day: number, low: number, high: number, b: Uint8Array, exemplar: Message): void {
    this.rows++;
    putDay(this.#day, day);
    this.#series.data.u64(low, high);
    this.#time.data.u64(exemplar.low(b, 2), exemplar.high(b, 2));
    putId(this.#traceId, b, exemplar, 5, 16);
    putId(this.#spanId, b, exemplar, 4, 8);
    this.#attributes.put(b, exemplar.attributes);
  }
}

/** An id of `size` bytes; zeros when it is absent or of another size. */
function putId(
  column: FixedColumn,
  b: Uint8Array,
  message: Message,
  field: number,
  size: number,
): void {
  const start = message.start[field]!;
  if (message.end[field]! - start === size) column.data.copy(b, start, start + size);
  else column.data.zeros(size);
}

/** Where a number goes. */
export interface NumberColumns {
  readonly mantissa: FixedColumn;
  readonly scale: FixedColumn;
}

/**
 * Adds a oneof of a double and an sfixed64; the later one on the wire counts.
 * @param from scale that is tried first
 * @param search whether others are
 * @returns the scale
 */
export function putNumber(
  columns: NumberColumns,
  decimal: Decimal,
  b: Uint8Array,
  message: Message,
  doubleField: number,
  intField: number,
  from: number,
  search: boolean,
): number {
  const { mantissa, scale } = columns;
  const double = message.has(doubleField);
  const integer = message.has(intField);
  let used: number;
  if (integer && !(double && message.start[doubleField]! > message.start[intField]!)) {
    used = Scale.INTEGER;
    mantissa.data.u64(message.low(b, intField), message.high(b, intField));
  } else if (double) {
    decimal.split(message.low(b, doubleField), message.high(b, doubleField), from, search);
    used = decimal.scale;
    mantissa.data.u64(decimal.low, decimal.high);
  } else {
    used = Scale.NONE;
    mantissa.data.u64(0, 0);
  }
  scale.data.u8(used & 255);
  return used;
}
