import type { RecordHeaders } from './headers.ts';

/** What a record consists of. */
export interface RecordContent {
  readonly topic: string;
  readonly key: Buffer | undefined;
  readonly value: Buffer;
  readonly headers: RecordHeaders | undefined;
}

/** A record to be written. */
export interface OutRecord extends RecordContent {
  /** Items that it carries. */
  readonly items: number;
  /** Whether a broker has it. */
  written: boolean;
}

/** Bytes of a record beside key, value and headers, at most: lengths, offset and time. */
const recordOverhead = 40;

/** Bytes that a set of records begins with. */
export const setOverhead = 61;

/** Bytes that a record takes, at most. */
export function recordBytes({ key, value, headers }: RecordContent): number {
  let bytes = recordOverhead + value.length + (key?.length ?? 0);
  for (const [name, text] of headers ?? []) bytes += 10 + name.length + text.length;
  return bytes;
}

/** A record and where it goes. */
export interface PlacedRecord extends RecordContent {
  readonly partition: number;
  /** The record itself. */
  readonly of: OutRecord;
}

/** What bounds one request. */
export interface RequestLimits {
  /** Bytes for one partition. */
  readonly partitionBytes: number;
  readonly bytes: number;
  readonly records: number;
}

/** Records in order, cut into requests within limits; one record that is too large goes alone. */
export function* requests<R extends Omit<PlacedRecord, 'of'>>(
  records: readonly R[],
  limits: RequestLimits,
): Generator<R[]> {
  let request: R[] = [];
  let bytes = 0;
  const filled = new Map<string, number>();
  for (const record of records) {
    const place = `${record.topic}:${record.partition}`;
    const own = recordBytes(record);
    const inPartition = (filled.get(place) ?? setOverhead) + own;
    const full =
      inPartition > limits.partitionBytes ||
      bytes + own > limits.bytes ||
      request.length >= limits.records;
    if (full && request.length > 0) {
      yield request;
      request = [];
      bytes = 0;
      filled.clear();
    }
    filled.set(place, (filled.get(place) ?? setOverhead) + own);
    request.push(record);
    bytes += own;
  }
  if (request.length > 0) yield request;
}
