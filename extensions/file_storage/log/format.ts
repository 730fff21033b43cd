import type { RecordType } from '../../../component/extension.ts';

/*
 * A log is a directory of segments; a segment is a header and records. Little endian.
 *
 *   segment header, 16 bytes
 *   ┌──────────────────────┬────────────┬────────────┐
 *   │ magic "WSTLOG01"     │ number     │ crc32c of  │
 *   │ 8 bytes              │ u32        │ bytes 0-11 │
 *   └──────────────────────┴────────────┴────────────┘
 *   record: 32 bytes, then the acknowledged positions, then the payload
 *   ┌──────────┬──────────┬──────┬─────────┬──────────┬──────────┬────────────┬─────────┐
 *   │ magic    │ crc32c   │ type │ zero    │ payload  │ ack      │ position   │ zero    │
 *   │ "WREC"   │ from 8 on│ u8   │ 3 bytes │ u32      │ count u32│ u64        │ u32     │
 *   ├──────────┴──────────┴──────┴─────────┴──────────┴──────────┴────────────┴─────────┤
 *   │ acknowledged positions, u64 each                                                  │
 *   ├───────────────────────────────────────────────────────────────────────────────────┤
 *   │ payload                                                                           │
 *   └───────────────────────────────────────────────────────────────────────────────────┘
 *
 * Types: 1 data, 2 sealed, 3 ack (no payload, position 0). A record and the acknowledgements that
 * it carries are valid together or not at all. Zeros where a record should begin end a segment:
 * it was allocated in advance.
 */

const segmentMagic = Buffer.from('WSTLOG01', 'latin1');
/** The marks of later layouts. */
const newerMark = /^WSTLOG(?!00|01)\d\d$/;
const recordMagic = 0x43455257; // "WREC"
/** Where the first record of a segment begins. */
export const segmentHeaderBytes = 16;
const recordHeaderBytes = 32;
const types = ['', 'data', 'sealed', 'ack'] as const;

/** CRC-32C of bytes that follow bytes with CRC `seed`. */
export type Crc = (bytes: Uint8Array, seed?: number) => number;

/** The 16 bytes that a segment begins with. @param number 0 to 2^32-1 */
export function encodeSegmentHeader(number: number, crc: Crc): Buffer {
  const header = Buffer.alloc(segmentHeaderBytes);
  segmentMagic.copy(header);
  header.writeUInt32LE(number, 8);
  header.writeUInt32LE(crc(header.subarray(0, 12)), 12);
  return header;
}

/** Bytes that a record takes. */
export function recordBytes(payloadBytes: number, acks: number): number {
  return recordHeaderBytes + 8 * acks + payloadBytes;
}

/** The ranges of a record, payload not copied. */
export function encodeRecord(
  type: RecordType | 'ack',
  position: number,
  payload: readonly Uint8Array[],
  acks: readonly number[],
  crc: Crc,
): Uint8Array[] {
  let payloadBytes = 0;
  for (const range of payload) payloadBytes += range.length;
  const head = Buffer.alloc(recordHeaderBytes + 8 * acks.length);
  head.writeUInt32LE(recordMagic, 0);
  head[8] = types.indexOf(type);
  head.writeUInt32LE(payloadBytes, 12);
  head.writeUInt32LE(acks.length, 16);
  writePosition(head, 20, position);
  for (let i = 0; i < acks.length; i++) writePosition(head, recordHeaderBytes + 8 * i, acks[i]!);
  let sum = crc(head.subarray(8));
  for (const range of payload) if (range.length > 0) sum = crc(range, sum);
  head.writeUInt32LE(sum, 4);
  return [head, ...payload];
}

/** A record in a segment; offsets count from the segment's begin. */
export interface ScannedRecord {
  readonly type: RecordType | 'ack';
  readonly position: number;
  readonly acks: readonly number[];
  readonly offset: number;
  /** Bytes of the whole record. */
  readonly length: number;
  readonly payloadAt: number;
}

interface ScannedSegment {
  /** undefined: the header is not one. */
  readonly number: number | undefined;
  readonly records: readonly ScannedRecord[];
  /** Where the next record would begin. */
  readonly end: number;
  /**
   * `torn`: the last write was cut off, nothing valid can follow. `corrupt`: something is wrong
   * with more after it. `newer`: whole, and of a kind that this program does not know.
   */
  readonly fault: 'none' | 'torn' | 'corrupt' | 'newer';
}

/** Reads a whole segment up to its end or its first fault. Never throws. */
export function scanSegment(bytes: Buffer, crc: Crc): ScannedSegment {
  const number = segmentNumber(bytes, crc);
  if (number === undefined) {
    if (newerMark.test(bytes.toString('latin1', 0, segmentMagic.length))) {
      return { number, records: [], end: 0, fault: 'newer' };
    }
    const fault = bytes.length <= segmentHeaderBytes || isZero(bytes) ? 'torn' : 'corrupt';
    return { number, records: [], end: 0, fault };
  }
  const records: ScannedRecord[] = [];
  let at = segmentHeaderBytes;
  while (at < bytes.length) {
    const record = readRecord(bytes, at, crc);
    if (record === undefined) return { number, records, end: at, fault: faultAt(bytes, at, crc) };
    records.push(record);
    at += record.length;
  }
  return { number, records, end: at, fault: 'none' };
}

/** The record at `at`, or undefined when there is no valid one. */
export function readRecord(bytes: Buffer, at: number, crc: Crc): ScannedRecord | undefined {
  if (bytes.length - at < recordHeaderBytes) return undefined;
  if (bytes.readUInt32LE(at) !== recordMagic) return undefined;
  const type = types[bytes[at + 8]!];
  if (type === undefined || type === '') return undefined;
  const ackCount = bytes.readUInt32LE(at + 16);
  const length = soundLength(bytes, at, crc);
  if (length === undefined) return undefined;
  const acks: number[] = [];
  for (let i = 0; i < ackCount; i++) {
    acks.push(readPosition(bytes, at + recordHeaderBytes + 8 * i));
  }
  const payloadAt = at + recordHeaderBytes + 8 * ackCount;
  return { type, position: readPosition(bytes, at + 20), acks, offset: at, length, payloadAt };
}

/** The length of the record at `at`, whatever its type; undefined when it is cut off or damaged. */
function soundLength(bytes: Buffer, at: number, crc: Crc): number | undefined {
  const length = recordBytes(bytes.readUInt32LE(at + 12), bytes.readUInt32LE(at + 16));
  if (length > bytes.length - at) return undefined;
  const sum = crc(bytes.subarray(at + 8, at + length));
  return sum === bytes.readUInt32LE(at + 4) ? length : undefined;
}

function segmentNumber(bytes: Buffer, crc: Crc): number | undefined {
  if (bytes.length < segmentHeaderBytes) return undefined;
  if (!bytes.subarray(0, 8).equals(segmentMagic)) return undefined;
  if (crc(bytes.subarray(0, 12)) !== bytes.readUInt32LE(12)) return undefined;
  return bytes.readUInt32LE(8);
}

function faultAt(bytes: Buffer, at: number, crc: Crc): ScannedSegment['fault'] {
  if (isOfLaterType(bytes, at, crc)) return 'newer';
  const rest = bytes.subarray(at);
  if (isZero(rest)) return 'none';
  const magic = Buffer.alloc(4);
  magic.writeUInt32LE(recordMagic);
  return rest.indexOf(magic, 1) === -1 ? 'torn' : 'corrupt';
}

function isOfLaterType(bytes: Buffer, at: number, crc: Crc): boolean {
  if (bytes.length - at < recordHeaderBytes || bytes.readUInt32LE(at) !== recordMagic) return false;
  return bytes[at + 8]! >= types.length && soundLength(bytes, at, crc) !== undefined;
}

function isZero(bytes: Buffer): boolean {
  const zeros = Buffer.alloc(Math.min(bytes.length, 65536));
  for (let at = 0; at < bytes.length; at += zeros.length) {
    const part = bytes.subarray(at, at + zeros.length);
    if (!part.equals(zeros.subarray(0, part.length))) return false;
  }
  return true;
}

function writePosition(target: Buffer, at: number, position: number): void {
  target.writeUInt32LE(position % 2 ** 32, at);
  target.writeUInt32LE(Math.floor(position / 2 ** 32), at + 4);
}

function readPosition(bytes: Buffer, at: number): number {
  return bytes.readUInt32LE(at) + bytes.readUInt32LE(at + 4) * 2 ** 32;
}
