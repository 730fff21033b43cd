import type { Signal } from '../../component/signals.ts';
import { signals } from '../../component/signals.ts';
import type { Batch } from '../../pdata/batch.ts';
import { storedBatch } from '../../pdata/form-batch.ts';
import { parseRequest } from '../../pdata/parse.ts';
import { NewerForm } from '../chain/errors.ts';

/*
 * A record of the queue's log, little endian:
 *
 *   ┌─────────┬────────┬─────────┬─────────┬────────────┬──────────────────────────────┐
 *   │ version │ signal │ key len │ items   │ key        │ body                         │
 *   │ u8      │ u8     │ u16     │ u32     │ UTF-8      │                              │
 *   └─────────┴────────┴─────────┴─────────┴────────────┴──────────────────────────────┘
 *
 * `key` is the partition. The body of a data record is a batch's ranges, which concatenated are
 * one OTLP export request (of profiles there is always one range) in version 1, and what the
 * backend made of a batch in version 2; the body of a sealed record is what the backend's encode()
 * gave. Neither addresses nor metadata of clients are stored, apart from the metadata values that a
 * partition was asked for.
 */

const version = 1;
/** The body is in the form of the backend. */
const ownVersion = 2;
const headerBytes = 8;
const keyBytesMax = 0xffff;

/** What stands before the body of a record. */
export interface RecordHeader {
  readonly partition: string;
  readonly items: number;
  /** Where the body begins. */
  readonly bodyAt: number;
}

/**
 * The ranges of a record: header and body. Throws when the partition's key is too long.
 * @param own whether the body is in the form of the backend
 */
export function encodeRecord(
  signal: Signal,
  partition: string,
  items: number,
  body: readonly Uint8Array[],
  own = false,
): Uint8Array[] {
  const key = Buffer.from(partition, 'utf8');
  if (key.length > keyBytesMax) {
    throw new Error(`cannot store a partition key of ${key.length} bytes: at most ${keyBytesMax}`);
  }
  const header = Buffer.allocUnsafe(headerBytes + key.length);
  header[0] = own ? ownVersion : version;
  header[1] = signals.indexOf(signal);
  header.writeUInt16LE(key.length, 2);
  header.writeUInt32LE(items, 4);
  key.copy(header, headerBytes);
  return [header, ...body];
}

/**
 * Reads the header of a record, given from its begin on. Throws on a record that this queue cannot
 * have written: NewerForm when a newer version may have.
 * @param length bytes of the record, when more than are given
 * @returns undefined when more has to be given
 */
export function decodeHead(
  signal: Signal,
  record: Uint8Array,
  length: number,
): RecordHeader | undefined {
  const bytes = Buffer.from(record.buffer, record.byteOffset, record.byteLength);
  if (bytes.length < headerBytes) {
    throw new Error(`cannot read a queue record of ${bytes.length} bytes: too short`);
  }
  if (bytes[0]! > ownVersion || bytes[1]! >= signals.length) {
    const what = `version ${bytes[0]}, signal ${bytes[1]}`;
    throw new NewerForm(`cannot read a queue record of ${what}: a newer version wrote it`);
  }
  if (bytes[0] === 0) throw new Error('cannot read a queue record of version 0: there is none');
  if (signals[bytes[1]!] !== signal) {
    throw new Error(`cannot read a queue record of ${signals[bytes[1]!]}: expected ${signal}`);
  }
  const bodyAt = headerBytes + bytes.readUInt16LE(2);
  if (bodyAt > length) throw new Error('cannot read a queue record: key cut off');
  if (bodyAt > bytes.length) return undefined;
  const partition = bytes.toString('utf8', headerBytes, bodyAt);
  return { partition, items: bytes.readUInt32LE(4), bodyAt };
}

/** Items that a record says it has, whether it can be read or not; 1 when it does not say. */
export function itemsOf(head: Uint8Array): number {
  if (head.length < headerBytes) return 1;
  return Buffer.from(head.buffer, head.byteOffset, head.byteLength).readUInt32LE(4);
}

/** The header of a whole record; throws as `decodeHead`. */
export function decodeHeader(signal: Signal, record: Uint8Array): RecordHeader {
  return decodeHead(signal, record, record.length)!;
}

/** The batch of a data record. Throws when the body is no valid request. */
export function decodeBatch<S extends Signal>(signal: S, record: Uint8Array): Batch<S> {
  const { bodyAt, items } = decodeHeader(signal, record);
  if (record[0] === ownVersion) {
    return storedBatch(signal, record.subarray(bodyAt), items);
  }
  // What was accepted once is not refused for its depth: the widest limit that parsing takes.
  return parseRequest(signal, record.subarray(bodyAt), { maxNesting: 200 });
}
