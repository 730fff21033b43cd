import type { RecordType } from '../../../component/extension.ts';
import type { Logger } from '../../../component/settings.ts';
import type { LogFile, LogFiles } from './files.ts';
import { type Crc, encodeSegmentHeader, scanSegment, segmentHeaderBytes } from './format.ts';

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
  readonly nextNumber: number;
  readonly nextPosition: number;
  /** Places where data was lost to corruption. */
  readonly faults: number;
}

const namePattern = /^(\d{10})\.seg$/;

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

export function newSegment(number: number, name: string, file: LogFile, size: number): Segment {
  return { number, name, file, size, live: 0, foreign: [], closed: false, moving: false };
}

/**
 * Reads all segments: records first, then what was acknowledged, since an acknowledgement may
 * stand in an earlier file than its record. A torn end is cut off; after a corrupt place the rest
 * of that segment is lost, which is logged and counted.
 */
export async function openSegments(files: LogFiles, crc: Crc, logger: Logger): Promise<Opened> {
  const names = (await files.list()).filter((name) => namePattern.test(name)).sort();
  const segments = new Map<number, Segment>();
  const refs = new Map<number, RecordRef>();
  const acks: { segment: Segment; position: number }[] = [];
  let nextNumber = 1;
  let nextPosition = 0;
  let faults = 0;
  for (const name of names) {
    const named = Number(namePattern.exec(name)![1]);
    nextNumber = Math.max(nextNumber, named + 1);
    const file = await files.open(name);
    const bytes = await file.read(0, await files.size(name));
    const scan = scanSegment(bytes, crc);
    const valid = scan.number === named;
    if (!valid && (scan.fault === 'torn' || bytes.length === 0)) {
      await file.close();
      await files.remove(name);
      continue;
    }
    if (!valid || scan.fault === 'corrupt') {
      faults++;
      const fields = { segment: name, at: scan.end, lost_bytes: bytes.length - scan.end };
      logger.error('Queue segment is corrupt: the rest of it is lost', fields);
    } else if (scan.fault === 'torn') {
      const fields = { segment: name, at: scan.end, cut_bytes: bytes.length - scan.end };
      logger.info('Cutting off a write that was interrupted', fields);
      await file.truncate(scan.end);
    }
    const segment = newSegment(named, name, file, valid ? scan.end : bytes.length);
    segment.closed = true;
    segments.set(named, segment);
    for (const { type, position, acks: acked, offset, length } of valid ? scan.records : []) {
      for (const ack of acked) {
        acks.push({ segment, position: ack });
        nextPosition = Math.max(nextPosition, ack + 1);
      }
      if (type === 'ack') continue;
      nextPosition = Math.max(nextPosition, position + 1);
      refs.set(position, { segment, offset, length, type });
      segment.live++;
    }
  }
  const dead = new Map<number, Segment>();
  for (const { segment, position } of acks) {
    const ref = refs.get(position);
    const target = ref?.segment ?? dead.get(position);
    if (target === undefined) continue;
    if (ref !== undefined) {
      refs.delete(position);
      dead.set(position, target);
      target.live--;
    }
    if (target !== segment) segment.foreign.push({ position, target });
  }
  return { segments, refs, nextNumber, nextPosition, faults };
}
