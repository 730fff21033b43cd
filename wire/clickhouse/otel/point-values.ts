import type { FixedColumn, StringColumn } from '../columns.ts';
import type { Message } from '../message.ts';
import { readVarint, type Scan, skipField } from '../scan.ts';
import { SECONDS_A_DAY, secondsOf } from '../time.ts';
import { copyVarint64 } from '../varint64.ts';
import { timestampDay } from './common.ts';
import type { PointTime } from './metric-tables.ts';

const ZEROS = new Uint8Array(16);

/** Nanoseconds as a column of this kind has them; DateTime stops at 2106 and has whole seconds. */
export function putTime(column: FixedColumn, kind: PointTime, low: number, high: number): void {
  if (kind === 'DateTime64(9)') column.data.u64(low, high);
  else column.data.u32(dateTimeOf(low, high));
}

/** The day that toDate gives for a time in a column of this kind. */
export function pointDay(kind: PointTime, low: number, high: number): number {
  if (kind === 'DateTime64(9)') return timestampDay(low, high);
  return Math.floor(dateTimeOf(low, high) / SECONDS_A_DAY);
}

/** Seconds as type DateTime holds them; what reads as before 1970 is 0. */
function dateTimeOf(low: number, high: number): number {
  return high >= 0x8000_0000 ? 0 : Math.min(0xffff_ffff, secondsOf(low, high));
}

/** A oneof of a double and an sfixed64 as Float64; the later one on the wire counts, absent is 0. */
export function putNumber(
  column: FixedColumn,
  b: Uint8Array,
  message: Message,
  asDouble: number,
  asInt: number,
): void {
  const isInt =
    message.has(asInt) &&
    (!message.has(asDouble) || message.start[asInt]! > message.start[asDouble]!);
  if (!isInt) column.data.u64(message.low(b, asDouble), message.high(b, asDouble));
  else column.data.f64(int64ToDouble(message.low(b, asInt), message.high(b, asInt)));
}

/** The double nearest to a signed 64-bit integer given as two halves. */
function int64ToDouble(low: number, high: number): number {
  const signed = high | 0;
  if (signed > -0x20_0000 && signed < 0x20_0000) return signed * 0x1_0000_0000 + low;
  // Beyond 2^53 the sum of two rounded halves is not always the nearest double.
  return Number((BigInt(signed) << 32n) | BigInt(low));
}

/** An id as hexadecimal; zeros when it is absent. */
export function putHexOrZeros(
  column: StringColumn,
  b: Uint8Array,
  message: Message,
  field: number,
  size: number,
): void {
  const start = message.start[field]!;
  const end = message.end[field]!;
  if (start === end) column.putHex(ZEROS, 0, size);
  else column.putHex(b, start, end);
}

/** A zigzag number of 32 bits as the bits of Int32. */
export function zigzag(value: number): number {
  return ((value >>> 1) ^ -(value & 1)) >>> 0;
}

/** Which data field of a Metric counts: the last one on the wire; 0 when there is none. */
export function dataField(metric: Message): number {
  let kind = 0;
  for (let field = 5; field <= 11; field++) {
    if (field === 6 || field === 8 || !metric.has(field)) continue;
    if (kind === 0 || metric.start[field]! > metric.start[kind]!) kind = field;
  }
  return kind;
}

/**
 * Adds repeated fixed64 or double field `field` of message bytes `[from, to)`, packed or not.
 * @returns how many values
 */
export function repeated64(
  column: FixedColumn,
  b: Uint8Array,
  from: number,
  to: number,
  field: number,
  scan: Scan,
): number {
  let count = 0;
  for (let p = from; p < to; ) {
    const tag = b[p]!;
    if (tag === field * 8 + 2) {
      p = readVarint(b, p + 1, scan);
      const end = p + scan.value;
      column.data.copy(b, p, end);
      count += scan.value >>> 3;
      p = end;
    } else {
      if (tag === field * 8 + 1) {
        column.data.copy8(b, p + 1);
        count++;
      }
      p = skipField(b, p, scan);
    }
  }
  return count;
}

/**
 * Adds repeated uint64 field 2 (bucket counts) of message bytes `[from, to)`, packed or not.
 * @returns how many values
 */
export function repeatedVarint64(
  column: FixedColumn,
  b: Uint8Array,
  from: number,
  to: number,
  scan: Scan,
): number {
  let count = 0;
  for (let p = from; p < to; ) {
    const tag = b[p]!;
    if (tag === 18) {
      p = readVarint(b, p + 1, scan);
      const end = p + scan.value;
      while (p < end) {
        p = copyVarint64(column.data, b, p);
        count++;
      }
    } else if (tag === 16) {
      p = copyVarint64(column.data, b, p + 1);
      count++;
    } else p = skipField(b, p, scan);
  }
  return count;
}
