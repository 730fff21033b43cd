import type { Context } from '../../component/consumer.ts';
import { PipelineError } from '../../component/errors.ts';
import type { Signal } from '../../component/signals.ts';
import type { Batch } from '../../pdata/batch.ts';
import { compact, retain, retainedBytes } from '../retain.ts';
import { unitsOf } from './assemble.ts';
import type { Deliveries } from './deliveries.ts';
import type { Recovered } from './disk.ts';
import { type Entry, newEntry, type Part, settled } from './entry.ts';
import type { QueueParts } from './parts.ts';
import type { Settling } from './settling.ts';
import type { QueueWorks } from './works.ts';
import { written } from './written.ts';

/** Part of the budget that batches which are on disk anyway may take. */
const cacheFraction = 1 / 4;

/** Takes requests in: room, then memory or the log, then the lanes that deliveries pull from. */
export class Intake<S extends Signal> {
  readonly #parts: QueueParts<S>;
  readonly #works: QueueWorks<S>;
  readonly #settling: Settling<S>;
  readonly #deliveries: Deliveries<S>;

  constructor(
    parts: QueueParts<S>,
    works: QueueWorks<S>,
    settling: Settling<S>,
    deliveries: Deliveries<S>,
  ) {
    this.#parts = parts;
    this.#works = works;
    this.#settling = settling;
    this.#deliveries = deliveries;
  }

  /** Resolves when the request is accepted; with `wait_for_result`, when it is delivered. */
  consume(batch: Batch<S>, ctx: Context): Promise<void> {
    this.#works.telemetry.offered(batch);
    const paced = !this.#deliveries.busy ? undefined : this.#works.pacing?.wait(batch.byteLength);
    if (paced !== undefined) return paced.then(() => this.#admit(batch, ctx));
    return this.#admit(batch, ctx);
  }

  #admit(batch: Batch<S>, ctx: Context): Promise<void> {
    const { sizer } = this.#parts.config;
    const size = sizer === 'requests' ? 1 : unitsOf(batch, sizer);
    try {
      const room = this.#works.admission.enter(size, ctx);
      if (room !== undefined) this.#deliveries.makeRoom();
      if (this.#parts.disk !== undefined) return this.#persist(batch, size, ctx, room);
      if (room !== undefined) {
        const hold = () => this.#hold(batch, size, ctx);
        return room.then(hold, (error: PipelineError) => this.#refuse(batch, error));
      }
      return this.#hold(batch, size, ctx);
    } catch (thrown) {
      this.#deliveries.makeRoom();
      return this.#refuse(batch, PipelineError.from(thrown));
    }
  }

  #refuse(batch: Batch<S>, error: PipelineError): Promise<never> {
    this.#works.telemetry.enqueueFailed(batch.itemCount);
    return Promise.reject(error);
  }

  /** Takes a batch of a queue that this one replaces, full or not; resolves as `consume`. */
  adopt(batch: Batch<S>, ctx: Context): Promise<void> {
    const { config, disk } = this.#parts;
    const size = config.sizer === 'requests' ? 1 : unitsOf(batch, config.sizer);
    this.#works.admission.force(size);
    return disk === undefined ? this.#hold(batch, size, ctx) : this.#adoptOnDisk(batch, size, ctx);
  }

  /** Waits for a disk that is full: the data is nowhere else. */
  async #adoptOnDisk(batch: Batch<S>, size: number, ctx: Context): Promise<void> {
    const { settings, disk, pauses } = this.#parts;
    const partition = this.#works.partition.keyOf(ctx);
    const items = batch.itemCount;
    settings.ledger.held(items);
    try {
      const write = () => disk!.append(batch, partition);
      const position = await written(write, pauses, ({ message: error }) => {
        const what = 'Cannot write what was taken over yet. Will try again.';
        settings.logger.warn(what, { error, items });
      });
      this.#accept(batch, size, ctx, partition, position);
    } catch (thrown) {
      this.#works.admission.leave(size);
      throw PipelineError.from(thrown);
    } finally {
      settings.ledger.held(-items);
    }
  }

  /** Takes up a record that an earlier run left. */
  recover(found: Recovered): void {
    const { ledger } = this.#parts.settings;
    const { sizer } = this.#parts.config;
    const size = sizer === 'requests' ? 1 : sizer === 'items' ? found.items : found.bytes;
    const entry = newEntry(found.items, size, found.position, 0);
    entry.client = this.#works.partition.clientOf(found.partition);
    this.#works.admission.force(size);
    ledger.found(found.items);
    if (found.sealed) this.#deliveries.pushSealed({ entry, bytes: found.bytes });
    else this.#works.lanes.push(found.partition, this.#part(entry, undefined, found.bytes));
  }

  /** Accepts a request that room was taken for into memory. */
  #hold(batch: Batch<S>, size: number, ctx: Context): Promise<void> {
    const { settings, config } = this.#parts;
    const absorbed = this.#works.absorption?.take(batch, settings.budget);
    const retained = absorbed ?? retain<S>(batch, settings.budget);
    if (retained === undefined) {
      this.#works.admission.leave(size);
      const message = `memory budget exhausted: ${batch.byteLength} bytes do not fit`;
      return this.#refuse(batch, new PipelineError(message, { retryable: true }));
    }
    const { batch: kept, bytes } = retained;
    const entry = newEntry(batch.itemCount, size, -1, bytes, absorbed?.native);
    entry.client = ctx.client;
    this.#works.pacing?.took(bytes);
    settings.ledger.held(entry.items);
    const accepted = config.wait_for_result ? settled(entry) : Promise.resolve();
    const part = this.#part(entry, kept, (kept ?? batch).byteLength);
    this.#works.absorption?.waits(part);
    this.#works.lanes.push(this.#works.partition.keyOf(ctx), part);
    this.#deliveries.dispatch();
    return accepted;
  }

  /** Accepts a request once it is on disk; it stays in memory, too, where there is room. */
  async #persist(
    batch: Batch<S>,
    size: number,
    ctx: Context,
    room: Promise<void> | undefined,
  ): Promise<void> {
    const partition = this.#works.partition.keyOf(ctx);
    let position: number;
    let isIn = false;
    try {
      await room;
      isIn = true;
      position = await this.#parts.disk!.append(batch, partition);
    } catch (thrown) {
      if (isIn) this.#works.admission.leave(size);
      return this.#refuse(batch, PipelineError.from(thrown));
    }
    this.#accept(batch, size, ctx, partition, position);
  }

  /** Takes in what is on disk. */
  #accept(
    batch: Batch<S>,
    size: number,
    { client }: Context,
    partition: string,
    position: number,
  ): void {
    const entry = newEntry(batch.itemCount, size, position, 0);
    entry.client = client;
    this.#parts.settings.ledger.held(entry.items);
    if (this.#works.stopping) {
      this.#parts.settings.ledger.left(entry.items);
      return;
    }
    const kept = this.#cache(entry, batch);
    this.#works.lanes.push(partition, this.#part(entry, kept, batch.byteLength));
    this.#deliveries.dispatch();
  }

  #cache(entry: Entry, batch: Batch<S>): Batch<S> | undefined {
    const { budget } = this.#parts.settings;
    const most = budget.limit * cacheFraction;
    if (this.#settling.cachedBytes + batch.byteLength + retainedBytes > most) return undefined;
    const kept = compact(batch);
    const bytes = kept.backingBytes + retainedBytes;
    if (this.#settling.cachedBytes + bytes > most || !budget.tryReserve(bytes)) return undefined;
    this.#settling.cached(entry, bytes);
    return kept;
  }

  #part(entry: Entry, batch: Batch<S> | undefined, bytes: number): Part<S> {
    const units = this.#works.batchUnit === 'bytes' ? bytes : entry.items;
    return { entries: [entry], batch, items: entry.items, units, bytes };
  }
}
