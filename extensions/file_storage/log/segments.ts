import type { LogRecordHead, RecordType } from '../../../component/extension.ts';
import type { Logger } from '../../../component/settings.ts';
import type { LogFile, LogFiles } from './files.ts';
import {
  type Crc,
  encodeSegmentHeader,
  type ScannedRecord,
  scanSegment,
  segmentHeaderBytes,
} from './format.ts';

/** One file of a log. */
export interface Segment {
  readonly number: number;
  readonly name: string;
  readonly file: LogFile;
  /** Where the next record goes. */
  size: number;
  /** Records that are not acknowledged. */
  live: number;
  /** Acknowledgements in it of records in other segments: they must outlive those segments. */
  foreign: Ack[];
  /** Takes no more. */
  closed: boolean;
  /** Its foreign acknowledgements are being written again elsewhere. */
  moving: boolean;
}

/** An acknowledgement, and the segment of the record that it is of. */
export interface Ack {
  readonly position: number;
  readonly target: Segment;
}

/** Where an unacknowledged record is. */
export interface RecordRef {
  readonly segment: Segment;
  readonly offset: number;
  readonly length: number;
  readonly type: RecordType;
}

/** What a log holds when it is opened. */
export interface Opened {
  readonly segments: Map<number, Segment>;
  readonly refs: Map<number, RecordRef>;
  /** The fronts of the records of `refs`, by position. */
  readonly heads: Map<number, LogRecordHead>;
  readonly nextNumber: number;
  readonly nextPosition: number;
  /** Places where data was lost to corruption. */
  readonly faults: number;
}

const namePattern = /^(\d{10})\.seg$/;

/** Ten digits, so that names sort as numbers do. */
export function segmentName(number: number): string {
  return `${String(number).padStart(10, '0')}.seg`;
}

/** Makes an empty segment. */
export async function createSegment(files: LogFiles, number: number, crc: Crc): Promise<Segment> {
  const name = segmentName(number);
  const file = await files.open(name);
  try {
    await file.write(0, [encodeSegmentHeader(number, crc)]);
  } catch (error) {
    await file.close();
    await files.remove(name);
    throw error;
  }
  return newSegment(number, name, file, segmentHeaderBytes);
}

/** What is kept of a segment that has no records yet. @param size where the first one goes */
export function newSegment(number: number, name: string, file: LogFile, size: number): Segment {
  return { number, name, file, size, live: 0, foreign: [], closed: false, moving: false };
}

/** Bytes of a payload that are kept of what is found. */
const headBytes = 64;

/**
 * Reads all segments: records first, then what was acknowledged, since an acknowledgement may
 * stand in an earlier file than its record. A torn end is cut off; after a corrupt place the rest
 * of that segment is lost, and a file that cannot be read is put aside: logged and counted.
 * @throws Error on what a newer version wrote: nothing of it is touched
 */
export async function openSegments(files: LogFiles, crc: Crc, logger: Logger): Promise<Opened> {
  const names = (await files.list()).filter((name) => namePattern.test(name)).sort();
  const reading = new Reading(files, crc, logger);
  try {
    for (const name of names) await reading.open(name);
  } catch (error) {
    await reading.close();
    throw error;
  }
  return reading.end();
}

/** What was found so far while a log is opened. */
class Reading {
  readonly #files: LogFiles;
  readonly #crc: Crc;
  readonly #logger: Logger;
  readonly #segments = new Map<number, Segment>();
  readonly #refs = new Map<number, RecordRef>();
  readonly #heads = new Map<number, LogRecordHead>();
  readonly #acks: { segment: Segment; position: number }[] = [];
  #nextNumber = 1;
  #nextPosition = 0;
  #faults = 0;

  constructor(files: LogFiles, crc: Crc, logger: Logger) {
    this.#files = files;
    this.#crc = crc;
    this.#logger = logger;
  }

  async open(name: string): Promise<void> {
    const number = Number(namePattern.exec(name)![1]);
    this.#nextNumber = Math.max(this.#nextNumber, number + 1);
    const file = await this.#files.open(name);
    let bytes: Buffer;
    try {
      bytes = await file.read(0, await this.#files.size(name));
    } catch (error) {
      await this.#putAside(name, file, error);
      return;
    }
    const scan = scanSegment(bytes, this.#crc);
    if (scan.fault === 'newer') {
      await file.close();
      const what = `cannot read queue segment ${name}: a newer version of this program wrote it`;
      throw new Error(`${what}; run that version, or move the folder of this queue away`);
    }
    const valid = scan.number === number;
    if (!valid && (scan.fault === 'torn' || bytes.length === 0)) {
      await file.close();
      await this.#files.remove(name);
      return;
    }
    if (!valid || scan.fault === 'corrupt') {
      this.#faults++;
      const fields = { segment: name, at: scan.end, lost_bytes: bytes.length - scan.end };
      this.#logger.error('Queue segment is corrupt: the rest of it is lost', fields);
    } else if (scan.fault === 'torn') {
      const fields = { segment: name, at: scan.end, cut_bytes: bytes.length - scan.end };
      this.#logger.info('Cutting off a write that was interrupted', fields);
      await file.truncate(scan.end);
    }
    const segment = newSegment(number, name, file, valid ? scan.end : bytes.length);
    segment.closed = true;
    this.#segments.set(number, segment);
    if (valid) for (const record of scan.records) this.#found(segment, record, bytes);
  }

  #found(segment: Segment, record: ScannedRecord, bytes: Buffer): void {
    const { type, position, offset, length, payloadAt } = record;
    for (const ack of record.acks) {
      this.#acks.push({ segment, position: ack });
      this.#nextPosition = Math.max(this.#nextPosition, ack + 1);
    }
    if (type === 'ack') return;
    this.#nextPosition = Math.max(this.#nextPosition, position + 1);
    this.#refs.set(position, { segment, offset, length, type });
    segment.live++;
    const end = offset + length;
    const head = Buffer.from(bytes.subarray(payloadAt, Math.min(end, payloadAt + headBytes)));
    this.#heads.set(position, { position, type, bytes: end - payloadAt, head });
  }

  /** Its records may come back with the disk; they are no part of the log any more. */
  async #putAside(name: string, file: LogFile, error: unknown): Promise<void> {
    this.#faults++;
    const aside = `${name}.unreadable`;
    const fields = { segment: name, error: String(error), kept_as: aside };
    this.#logger.error('Cannot read a queue segment: it is put aside', fields);
    await file.close().catch(() => undefined);
    await this.#files.rename(name, aside).catch((failure: unknown) => {
      const why = { segment: name, error: String(failure) };
      this.#logger.error('Cannot put a queue segment aside', why);
    });
  }

  async close(): Promise<void> {
    for (const { file } of this.#segments.values()) await file.close().catch(() => undefined);
  }

  /** Takes out what was acknowledged. */
  end(): Opened {
    const segments = this.#segments;
    const refs = this.#refs;
    const heads = this.#heads;
    const dead = new Map<number, Segment>();
    for (const { segment, position } of this.#acks) {
      const ref = refs.get(position);
      const target = ref?.segment ?? dead.get(position);
      if (target === undefined) continue;
      if (ref !== undefined) {
        refs.delete(position);
        heads.delete(position);
        dead.set(position, target);
        target.live--;
      }
      if (target !== segment) segment.foreign.push({ position, target });
    }
    const [nextNumber, nextPosition] = [this.#nextNumber, this.#nextPosition];
    return { segments, refs, heads, nextNumber, nextPosition, faults: this.#faults };
  }
}
