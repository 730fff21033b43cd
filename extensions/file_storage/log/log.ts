import { PipelineError } from '../../../component/errors.ts';
import type {
  LogRecord,
  LogRecordHead,
  RecordLog,
  RecordType,
} from '../../../component/extension.ts';
import type { Logger } from '../../../component/settings.ts';
import type { LogFiles } from './files.ts';
import { type Crc, encodeRecord, readRecord, recordBytes, segmentHeaderBytes } from './format.ts';
import type { Quota } from './quota.ts';
import { Reserve } from './reserve.ts';
import { type Ack, createSegment, openSegments, type RecordRef, type Segment } from './segments.ts';

/** Sizes and durability of a log. */
export interface LogOptions {
  /** Size from which a segment takes no more. */
  readonly segmentBytes: number;
  /** Bytes set aside for sealed records and acknowledgements on a full disk. */
  readonly reserveBytes: number;
  /** fdatasync after each write: durable against power loss, not only against kill -9. */
  readonly fsync: boolean;
  readonly quota: Quota;
}

/** Operations in one write at most, and bytes from which a write takes no more. */
const groupOpsMax = 512;
const groupBytesMax = 16 * 2 ** 20;

interface Op {
  readonly type: RecordType | 'ack';
  readonly payload: readonly Uint8Array[];
  readonly bytes: number;
  readonly acks: readonly number[];
  /** Acknowledgements that are only moved to another segment. */
  readonly moved: readonly Ack[];
  readonly resolve: (position: number) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * A record log over segment files; see format.ts. Concurrent appends become one write. A segment
 * goes when all of its records are acknowledged and no older one needs acknowledgements in it.
 */
export class SegmentedLog implements RecordLog {
  readonly #files: LogFiles;
  readonly #crc: Crc;
  readonly #logger: Logger;
  readonly #options: LogOptions;
  readonly #reserve: Reserve;
  readonly #segments: Map<number, Segment>;
  readonly #refs: Map<number, RecordRef>;
  #found: Map<number, LogRecordHead>;
  /** Places where opening found corruption. */
  readonly faults: number;
  #nextNumber: number;
  #nextPosition: number;
  #active: Segment | undefined;
  #bytes = 0;
  #ops: Op[] = [];
  /** Acknowledged in memory only: the disk was full. */
  #unwritten: Ack[] = [];
  /** Segments whose acknowledgements could not be moved. */
  #stuck: Segment[] = [];
  #draining: Promise<void> | undefined;
  #closed = false;
  #closing: Promise<void> | undefined;

  private constructor(
    files: LogFiles,
    crc: Crc,
    logger: Logger,
    options: LogOptions,
    opened: Awaited<ReturnType<typeof openSegments>>,
  ) {
    this.#files = files;
    this.#crc = crc;
    this.#logger = logger;
    this.#options = options;
    this.#reserve = new Reserve(files, options.reserveBytes);
    this.#segments = opened.segments;
    this.#refs = opened.refs;
    this.#found = opened.heads;
    this.#nextNumber = opened.nextNumber;
    this.#nextPosition = opened.nextPosition;
    this.faults = opened.faults;
    for (const ref of opened.refs.values()) this.#bytes += ref.length;
    for (const segment of opened.segments.values()) options.quota.add(segment.size);
  }

  static async open(
    files: LogFiles,
    crc: Crc,
    logger: Logger,
    options: LogOptions,
  ): Promise<SegmentedLog> {
    const opened = await openSegments(files, crc, logger);
    const log = new SegmentedLog(files, crc, logger, options, opened);
    await log.#collect();
    await log.#draining;
    if (!(await log.#reserve.create())) {
      logger.warn('Cannot set space aside for a full disk', { bytes: options.reserveBytes });
    }
    return log;
  }

  get bytes(): number {
    return this.#bytes;
  }

  recovered(): Iterable<LogRecordHead> {
    const found = [...this.#found.values()].filter(({ position }) => this.#refs.has(position));
    this.#found = new Map();
    return found.sort((a, b) => a.position - b.position);
  }

  append(
    type: RecordType,
    payload: readonly Uint8Array[],
    acks: readonly number[] = [],
  ): Promise<number> {
    return this.#submit(type, payload, acks, []);
  }

  async ack(positions: readonly number[]): Promise<void> {
    if (positions.length > 0) await this.#submit('ack', [], positions, []);
  }

  async read(position: number): Promise<LogRecord> {
    const ref = this.#refs.get(position);
    if (ref === undefined) throw new Error(`BUG: read of record ${position}, which is not there`);
    const bytes = await ref.segment.file.read(ref.offset, ref.length);
    const record = readRecord(bytes, 0, this.#crc);
    if (record === undefined || record.position !== position) {
      const where = `${ref.segment.name} at ${ref.offset}`;
      throw new Error(`cannot read record ${position} in ${where}: it is corrupt`);
    }
    return { position, type: ref.type, payload: bytes.subarray(record.payloadAt) };
  }

  /** Waits for what was submitted, then closes all files. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    if (this.#unwritten.length > 0) await this.#submit('ack', [], [], []);
    this.#closed = true;
    await this.#draining;
    for (const segment of this.#segments.values()) {
      await segment.file.close();
      this.#options.quota.add(-segment.size);
    }
    await this.#reserve.close();
  }

  #submit(
    type: RecordType | 'ack',
    payload: readonly Uint8Array[],
    acks: readonly number[],
    moved: readonly Ack[],
  ): Promise<number> {
    if (this.#closed) {
      return Promise.reject(new PipelineError('the queue log is closed', { retryable: true }));
    }
    let bytes = recordBytes(0, acks.length + moved.length);
    for (const range of payload) bytes += range.length;
    const submitted = new Promise<number>((resolve, reject) => {
      this.#ops.push({ type, payload, bytes, acks, moved, resolve, reject });
    });
    this.#draining ??= this.#drain();
    return submitted;
  }

  async #drain(): Promise<void> {
    await Promise.resolve();
    while (this.#ops.length > 0) {
      let count = 0;
      let bytes = 0;
      while (count < this.#ops.length && count < groupOpsMax && bytes < groupBytesMax) {
        bytes += this.#ops[count++]!.bytes;
      }
      await this.#writeGroup(this.#ops.splice(0, count));
      await this.#collect();
    }
    this.#draining = undefined;
  }

  async #writeGroup(group: readonly Op[]): Promise<void> {
    const ops = this.#admissible(group);
    if (ops.length === 0) return;
    try {
      const active = await this.#activeSegment();
      await this.#write(active, ops);
    } catch (error) {
      await this.#afterFailure(ops, error);
    }
  }

  /** Refuses what must not be written: unknown acknowledgements, data beyond the quota. */
  #admissible(group: readonly Op[]): Op[] {
    const acked = new Set<number>();
    let bytes = 0;
    return group.filter((op) => {
      const unknown = op.acks.find((ack) => !this.#refs.has(ack) || acked.has(ack));
      if (unknown !== undefined) {
        op.reject(new Error(`BUG: acknowledgement of record ${unknown}, which is not there`));
        return false;
      }
      if (op.type === 'data' && !this.#options.quota.fits(bytes + op.bytes)) {
        const { used, maxBytes } = this.#options.quota;
        const message = `cannot store ${op.bytes} bytes: ${used} of max_bytes ${maxBytes} are used`;
        op.reject(new PipelineError(message, { retryable: true }));
        return false;
      }
      for (const ack of op.acks) acked.add(ack);
      bytes += op.bytes;
      return true;
    });
  }

  async #activeSegment(): Promise<Segment> {
    if (this.#active !== undefined && this.#active.size < this.#options.segmentBytes) {
      return this.#active;
    }
    if (this.#active !== undefined) this.#active.closed = true;
    this.#active = undefined;
    const segment = await createSegment(this.#files, this.#nextNumber++, this.#crc);
    if (this.#options.fsync) await this.#files.syncDirectory();
    this.#adopt(segment);
    this.#active = segment;
    return segment;
  }

  #adopt(segment: Segment): void {
    this.#segments.set(segment.number, segment);
    this.#options.quota.add(segment.size);
  }

  /** Writes operations behind one another, makes them durable, then true. */
  async #write(segment: Segment, ops: readonly Op[]): Promise<void> {
    const ranges: Uint8Array[] = [];
    const written: { op: Op; position: number; offset: number }[] = [];
    let offset = segment.size;
    let unwritten = this.#unwritten;
    let late: Ack[] = [];
    for (const op of ops) {
      const position = op.type === 'ack' ? 0 : this.#nextPosition++;
      let acks = [...op.acks, ...op.moved.map((ack) => ack.position)];
      if (op.type === 'ack' && unwritten.length > 0) {
        late = unwritten.filter(({ target }) => this.#segments.has(target.number));
        acks = acks.concat(late.map((ack) => ack.position));
        unwritten = [];
      }
      const record = encodeRecord(op.type, position, op.payload, acks, this.#crc);
      written.push({ op, position, offset });
      for (const range of record) {
        ranges.push(range);
        offset += range.length;
      }
    }
    await segment.file.write(segment.size, ranges);
    if (this.#options.fsync) await segment.file.sync();
    for (const waiting of this.#stuck.splice(0)) waiting.moving = false;
    this.#unwritten = unwritten;
    addForeign(segment, late);
    this.#options.quota.add(offset - segment.size);
    segment.size = offset;
    for (const { op, position, offset: at } of written) this.#apply(segment, op, position, at);
  }

  #apply(segment: Segment, op: Op, position: number, offset: number): void {
    if (op.type !== 'ack') {
      const { bytes: length, type } = op;
      this.#refs.set(position, { segment, offset, length, type });
      segment.live++;
      this.#bytes += length;
    }
    for (const ack of op.acks) addForeign(segment, [this.#forget(ack)]);
    addForeign(segment, op.moved);
    op.resolve(position);
  }

  #forget(position: number): Ack {
    const ref = this.#refs.get(position)!;
    this.#refs.delete(position);
    ref.segment.live--;
    this.#bytes -= ref.length;
    return { position, target: ref.segment };
  }

  /**
   * A write failed: data is refused, sealed records and acknowledgements go to the space set
   * aside. An acknowledgement that cannot be written holds in memory and is written later.
   */
  async #afterFailure(ops: readonly Op[], error: unknown): Promise<void> {
    await this.#cutActive();
    const full = isFull(error);
    for (const op of ops) {
      if (op.type === 'data') op.reject(refusal(error));
      else if (!full || !(await this.#writeToReserve(op))) this.#failEssential(op, error);
    }
  }

  #failEssential(op: Op, error: unknown): void {
    if (op.type !== 'ack' || op.moved.length > 0) {
      op.reject(refusal(error));
      return;
    }
    for (const ack of op.acks) this.#unwritten.push(this.#forget(ack));
    op.resolve(0);
  }

  /** Takes back what a failed write left; a segment where that fails takes no more. */
  async #cutActive(): Promise<void> {
    const active = this.#active;
    if (active === undefined) return;
    try {
      await active.file.truncate(active.size);
    } catch (error) {
      this.#logger.warn('Cannot take back a failed write', { error: String(error) });
      active.closed = true;
      this.#active = undefined;
    }
  }

  async #writeToReserve(op: Op): Promise<boolean> {
    try {
      const open = this.#reserve.segment;
      if (open === undefined && !this.#reserve.available) return false;
      const segment =
        open ?? (await this.#reserve.use(this.#nextNumber++, this.#crc, (s) => this.#adopt(s)));
      if (open === undefined && this.#options.fsync) await this.#files.syncDirectory();
      if (segment.size + op.bytes > this.#options.reserveBytes) return false;
      await this.#write(segment, [op]);
      return true;
    } catch (error) {
      this.#logger.warn('Cannot write to the space set aside', { error: String(error) });
      return false;
    }
  }

  /** Removes segments that nothing needs, oldest first, and renews the space set aside. */
  async #collect(): Promise<void> {
    let removed = false;
    for (const segment of [...this.#segments.values()].sort((a, b) => a.number - b.number)) {
      if (segment.live > 0) continue;
      if (segment === this.#active) {
        if (segment.size < Math.min(this.#options.segmentBytes, idleBytes)) continue;
        this.#active = undefined;
        segment.closed = true;
      }
      const needed = segment.foreign.filter(({ target }) => this.#segments.has(target.number));
      if (!segment.closed && segment === this.#reserve.segment) {
        if (needed.length > 0 || segment.size < this.#options.reserveBytes / 2) continue;
        this.#reserve.retire();
        segment.closed = true;
      }
      if (needed.length > 0) {
        this.#move(segment, needed);
        continue;
      }
      await this.#remove(segment);
      removed = true;
    }
    if (removed) await this.#renewReserve();
  }

  /**
   * Writes acknowledgements again elsewhere, so that their segment can go. When that fails, they
   * stay where they are until something else could be written.
   */
  #move(segment: Segment, needed: Ack[]): void {
    if (segment.moving || this.#closed) return;
    segment.moving = true;
    const moved = () => {
      segment.foreign = [];
      segment.moving = false;
    };
    this.#submit('ack', [], [], needed).then(moved, () => this.#stuck.push(segment));
  }

  async #remove(segment: Segment): Promise<void> {
    try {
      await this.#files.remove(segment.name);
      if (this.#options.fsync) await this.#files.syncDirectory();
      this.#segments.delete(segment.number);
      this.#options.quota.add(-segment.size);
      await segment.file.close();
    } catch (error) {
      const fields = { segment: segment.name, error: String(error) };
      this.#logger.warn('Cannot remove a finished queue segment', fields);
    }
  }

  async #renewReserve(): Promise<void> {
    if (this.#reserve.available || !(await this.#reserve.create())) return;
    const used = this.#reserve.retire();
    if (used !== undefined) used.closed = true;
  }
}

function addForeign(segment: Segment, acks: readonly Ack[]): void {
  for (const ack of acks) if (ack.target !== segment) segment.foreign.push(ack);
}

/** An active segment without live records is replaced from this size on. */
const idleBytes = 4 * 2 ** 20;

function isFull(error: unknown): boolean {
  const code = (error as { code?: unknown }).code;
  return code === 'ENOSPC' || code === 'EDQUOT' || code === 'EFBIG';
}

function refusal(error: unknown): PipelineError {
  const text = error instanceof Error ? error.message : String(error);
  const what = isFull(error) ? 'disk full' : 'write failed';
  const message = `cannot store the batch: ${what}: ${text}`;
  return new PipelineError(message, { retryable: true, cause: error });
}

/** Least size of a segment: its header and one small record. */
export const segmentBytesMin = segmentHeaderBytes + 4096;
