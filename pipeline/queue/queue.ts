import { background, type Context } from '../../component/consumer.ts';
import { PipelineError } from '../../component/errors.ts';
import type { Signal, SignalData } from '../../component/signals.ts';
import type { SealedBatch } from '../backend.ts';
import { type Delivery, newDelivery } from '../chain/delivery.ts';
import { ShutDown } from '../chain/errors.ts';
import { batchSizer } from '../config.ts';
import { compact, retain, retainedBytes } from '../retain.ts';
import { Absorption } from './absorption.ts';
import { Admission } from './admission.ts';
import { assemble, pieceOf, unitsOf } from './assemble.ts';
import { Deque } from './deque.ts';
import type { Recovered } from './disk.ts';
import { type Entry, newEntry, type Part, type Piece, settled } from './entry.ts';
import { Lanes } from './lanes.ts';
import { Pacing } from './pacing.ts';
import { Partition } from './partition.ts';
import type { QueueParts } from './parts.ts';
import { QueueReader } from './reader.ts';
import { QueueTelemetry } from './telemetry.ts';

/** Part of the budget that batches which are on disk anyway may take. */
const cacheFraction = 1 / 4;

/** Part of the budget that a queue in memory holds before senders are paced, at most. */
const pacedFraction = 1 / 2;

interface SealedWait {
  readonly entry: Entry;
  readonly bytes: number;
}

/**
 * The sending queue: admits requests, makes batches of them, keeps `num_consumers` deliveries
 * under way, and settles each request when all of it is delivered or dropped. Deliveries pull: a
 * batch is made when a consumer is free for it.
 *
 *   consume ─> [pacing] ─> admission ─> [disk] ─> lanes ─> assemble ─> [sealer] ─> outcome
 */
export class SendingQueue<S extends Signal> {
  readonly #parts: QueueParts<S>;
  readonly #admission: Admission;
  /** Only where data waits in memory alone and senders do not wait for the result anyway. */
  readonly #pacing: Pacing | undefined;
  readonly #lanes: Lanes<S>;
  readonly #reader: QueueReader<S> | undefined;
  readonly #absorption: Absorption<S> | undefined;
  readonly #batchUnit: 'items' | 'bytes';
  readonly #maxUnits: number;
  readonly #minUnits: number;
  readonly #partition: Partition;
  /** Deliveries under way at most. */
  readonly #consumers: number;
  /** Pieces of a split that wait for a consumer. */
  readonly #pieces = new Deque<Piece<S>>();
  /** Sealed batches of an earlier run; they go first. */
  readonly #sealed = new Deque<SealedWait>();
  readonly #flying = new Map<Delivery<S>, Piece<S>>();
  readonly #telemetry: QueueTelemetry<S>;
  #cachedBytes = 0;
  #active = 0;
  #started = false;
  #stopping = false;
  #whenIdle: (() => void) | undefined;
  /** Takes what a shutdown would try once more. */
  #heir: ((batch: SignalData[S]) => void) | undefined;

  constructor(parts: QueueParts<S>) {
    const { config, settings, disk, pauses } = parts;
    const { batch } = config;
    this.#parts = parts;
    this.#admission = new Admission(settings.clock, config.queue_size, config.block_on_overflow);
    if (disk === undefined && !config.wait_for_result) {
      this.#pacing = new Pacing(settings.clock, settings.budget.limit * pacedFraction);
    }
    this.#batchUnit = batch === undefined ? 'items' : batchSizer(config, batch);
    this.#maxUnits = batch?.max_size ?? 0;
    this.#minUnits = batch?.min_size ?? 0;
    const parallel = parts.sealer?.parallel;
    this.#consumers = Math.min(config.num_consumers, parallel ?? Number.POSITIVE_INFINITY);
    this.#partition = new Partition(batch?.partition?.metadata_keys ?? []);
    const policy = {
      minUnits: this.#minUnits,
      maxUnits: parts.sealer === undefined ? 0 : this.#maxUnits,
      flushMs: batch?.flush_timeout ?? 0,
      greedy: parallel !== undefined,
    };
    this.#lanes = new Lanes(settings.clock, policy, () => this.#dispatch());
    this.#reader =
      disk && new QueueReader(disk, settings.budget, pauses, () => this.#flying.size === 0);
    if (disk === undefined && this.#partition.empty && this.#maxUnits === 0) {
      this.#absorption = parts.sealer && new Absorption(parts.sealer, this.#minUnits);
    }
    this.#telemetry = new QueueTelemetry(parts.signal, settings, batch?.processor);
  }

  /** Takes up what an earlier run left, and begins to deliver. */
  async start(): Promise<void> {
    const { disk, settings } = this.#parts;
    this.#telemetry.expose(this.#admission, this.#parts.config.sizer);
    let records = 0;
    let items = 0;
    if (disk !== undefined) {
      for await (const found of disk.recovered(() => {})) {
        this.#recover(found);
        records++;
        items += found.items;
      }
    }
    if (records > 0) {
      settings.logger.info('Sending queue read from disk', { records, items });
    }
    this.#started = true;
    this.#dispatch();
  }

  consume(batch: SignalData[S], ctx: Context): Promise<void> {
    this.#telemetry.offered(batch);
    const paced = this.#active === 0 ? undefined : this.#pacing?.wait(batch.byteLength);
    if (paced !== undefined) return paced.then(() => this.#admit(batch, ctx));
    return this.#admit(batch, ctx);
  }

  #admit(batch: SignalData[S], ctx: Context): Promise<void> {
    const { sizer } = this.#parts.config;
    const size = sizer === 'requests' ? 1 : unitsOf(batch, sizer);
    try {
      const room = this.#admission.enter(size, ctx);
      if (room !== undefined) this.#makeRoom();
      if (this.#parts.disk !== undefined) return this.#persist(batch, size, ctx, room);
      if (room !== undefined) {
        const hold = () => this.#hold(batch, size, ctx);
        return room.then(hold, (error: PipelineError) => this.#refuse(batch, error));
      }
      return this.#hold(batch, size, ctx);
    } catch (thrown) {
      this.#makeRoom();
      return this.#refuse(batch, PipelineError.from(thrown));
    }
  }

  #refuse(batch: SignalData[S], error: PipelineError): Promise<never> {
    this.#telemetry.enqueueFailed(batch.itemCount);
    return Promise.reject(error);
  }

  /** A full queue does not wait for larger batches: no more comes before room is made. */
  #makeRoom(): void {
    if (this.#active >= this.#consumers || this.#stopping) return;
    this.#lanes.hurry();
    this.#dispatch();
  }

  /**
   * Stops taking. Without a disk everything is tried once more; with one it is left there. What
   * takes longer than `boundMs` is given up: left on disk, or dropped and counted.
   */
  async shutdown(boundMs: number): Promise<void> {
    if (this.#stopping) return;
    this.#stopping = true;
    const { disk, pauses, settings } = this.#parts;
    this.#admission.close();
    this.#pacing?.stop();
    pauses.stop();
    if (disk === undefined && this.#started) this.#lanes.flush();
    else this.#lanes.close();
    this.#dispatch();
    if (!this.#idle()) {
      await new Promise<void>((resolve) => {
        const timer = settings.clock.after(boundMs, resolve);
        this.#whenIdle = () => {
          timer.cancel();
          resolve();
        };
      });
    }
    this.#abandon();
    this.#telemetry.close();
    await disk?.close();
  }

  /**
   * Gives what waits in memory to the queue of an exporter that replaces this one; what is under
   * way follows when it fails. Sealed batches stay: they are as their backend made them.
   */
  handOver(heir: (batch: SignalData[S]) => void): void {
    const { sealer, disk, outcome, pauses } = this.#parts;
    if (sealer !== undefined || disk !== undefined || this.#stopping) return;
    this.#heir = heir;
    this.#admission.close();
    this.#pacing?.stop();
    outcome.handOver();
    pauses.stop();
    this.#loseWaiting(new ShutDown());
  }

  /** Takes a batch of a queue that this one replaces, full or not. */
  adopt(batch: SignalData[S]): void {
    const { settings, config } = this.#parts;
    const size = config.sizer === 'requests' ? 1 : unitsOf(batch, config.sizer);
    this.#admission.force(size);
    this.#hold(batch, size, background).catch((error: unknown) => {
      settings.ledger.dropped('hand_over', batch.itemCount);
      const fields = { error: PipelineError.from(error).message, dropped_items: batch.itemCount };
      settings.logger.error('Taking over a queue failed. Dropping data.', fields);
    });
  }

  #recover(found: Recovered): void {
    const { ledger } = this.#parts.settings;
    const { sizer } = this.#parts.config;
    const size = sizer === 'requests' ? 1 : sizer === 'items' ? found.items : found.bytes;
    const entry = newEntry(found.items, size, found.position, 0);
    entry.client = this.#partition.clientOf(found.partition);
    this.#admission.force(size);
    ledger.created(found.items);
    ledger.held(found.items);
    if (found.sealed) this.#sealed.push({ entry, bytes: found.bytes });
    else this.#lanes.push(found.partition, this.#part(entry, undefined, found.bytes));
  }

  /** Accepts a request that room was taken for into memory. */
  #hold(batch: SignalData[S], size: number, ctx: Context): Promise<void> {
    const { settings, config } = this.#parts;
    const absorbed = this.#absorption?.take(batch, settings.budget);
    const retained = absorbed ?? retain<S>(batch, settings.budget);
    if (retained === undefined) {
      this.#admission.leave(size);
      const message = `memory budget exhausted: ${batch.byteLength} bytes do not fit`;
      return this.#refuse(batch, new PipelineError(message, { retryable: true }));
    }
    const { batch: kept, bytes } = retained;
    const entry = newEntry(batch.itemCount, size, -1, bytes, absorbed?.native);
    entry.client = ctx.client;
    this.#pacing?.took(bytes);
    settings.ledger.held(entry.items);
    const accepted = config.wait_for_result ? settled(entry) : Promise.resolve();
    const part = this.#part(entry, kept, (kept ?? batch).byteLength);
    this.#absorption?.waits(part);
    this.#lanes.push(this.#partition.keyOf(ctx), part);
    this.#dispatch();
    return accepted;
  }

  /** Accepts a request once it is on disk; it stays in memory, too, where there is room. */
  async #persist(
    batch: SignalData[S],
    size: number,
    ctx: Context,
    room: Promise<void> | undefined,
  ): Promise<void> {
    const { settings } = this.#parts;
    const partition = this.#partition.keyOf(ctx);
    let position: number;
    let isIn = false;
    try {
      await room;
      isIn = true;
      position = await this.#parts.disk!.append(batch, partition);
    } catch (thrown) {
      if (isIn) this.#admission.leave(size);
      return this.#refuse(batch, PipelineError.from(thrown));
    }
    const entry = newEntry(batch.itemCount, size, position, 0);
    entry.client = ctx.client;
    settings.ledger.held(entry.items);
    if (this.#stopping) return;
    const kept = this.#cache(entry, batch);
    this.#lanes.push(partition, this.#part(entry, kept, batch.byteLength));
    this.#dispatch();
  }

  #cache(entry: Entry, batch: SignalData[S]): SignalData[S] | undefined {
    const { budget } = this.#parts.settings;
    const most = budget.limit * cacheFraction;
    if (this.#cachedBytes + batch.byteLength + retainedBytes > most) return undefined;
    const kept = compact(batch);
    const bytes = kept.backingBytes + retainedBytes;
    if (this.#cachedBytes + bytes > most || !budget.tryReserve(bytes)) return undefined;
    entry.reserved = bytes;
    entry.cached = bytes;
    this.#cachedBytes += bytes;
    return kept;
  }

  #part(entry: Entry, batch: SignalData[S] | undefined, bytes: number): Part<S> {
    const units = this.#batchUnit === 'bytes' ? bytes : entry.items;
    return { entries: [entry], batch, items: entry.items, units, bytes };
  }

  #dispatch(): void {
    if (!this.#started) return;
    const { disk } = this.#parts;
    while (this.#active < this.#consumers && !(this.#stopping && disk !== undefined)) {
      const work = this.#nextWork();
      if (work === undefined) break;
      this.#active++;
      void work().then(() => {
        this.#active--;
        this.#dispatch();
      });
    }
    if (this.#whenIdle !== undefined && this.#idle()) this.#whenIdle();
  }

  #nextWork(): (() => Promise<void>) | undefined {
    const sealed = this.#sealed.shift();
    if (sealed !== undefined) return () => this.#sendSealed(sealed);
    const piece = this.#pieces.shift();
    if (piece !== undefined) return () => this.#send(piece);
    const taken = this.#lanes.take();
    if (taken !== undefined) this.#absorption?.leave(taken.parts);
    return taken && (() => this.#sendParts(taken.key, taken.parts));
  }

  #idle(): boolean {
    if (this.#active > 0) return false;
    return this.#parts.disk !== undefined || !this.#started || this.#lanes.empty;
  }

  async #sendSealed({ entry, bytes }: SealedWait): Promise<void> {
    const { sealer } = this.#parts;
    const piece: Piece<S> = { entries: [entry], batches: [], items: entry.items };
    const delivery = newDelivery<S>(piece);
    delivery.previousUnknown = true;
    try {
      if (sealer === undefined) {
        const message = 'cannot send a sealed batch: this exporter does not seal';
        throw new PipelineError(message, { retryable: false });
      }
      delivery.sealed = sealer.decode(await this.#reader!.loadSealed(entry, bytes));
    } catch (thrown) {
      this.#reader?.loaded(entry);
      this.#lose(piece, PipelineError.from(thrown));
      return;
    }
    const sent = this.#deliver(delivery, piece, -1);
    this.#reader?.loaded(entry);
    await sent;
  }

  async #sendParts(key: string, parts: Part<S>[]): Promise<void> {
    const there = this.#reader === undefined || parts.every((part) => part.batch !== undefined);
    const loaded = there ? parts : await this.#load(parts);
    const sent = loaded.length === 0 ? undefined : this.#sendLoaded(key, loaded);
    this.#reader?.loaded(parts);
    await sent;
  }

  async #sendLoaded(key: string, loaded: readonly Part<S>[]): Promise<void> {
    this.#pacing?.sends(loaded);
    let pieces: Piece<S>[];
    try {
      pieces = this.#piecesOf(loaded);
    } catch (thrown) {
      this.#lose(pieceOf(loaded), PipelineError.from(thrown));
      return;
    }
    if (pieces.length > 1 && !this.#stopping) this.#keepRest(key, pieces);
    this.#telemetry.batched(loaded, pieces, this.#minUnits);
    for (const piece of pieces.slice(1)) this.#pieces.push(piece);
    const sent = this.#send(pieces[0]!);
    if (pieces.length > 1) this.#dispatch();
    await sent;
  }

  /** What a split left over waits for more, unless it is a batch of its own. */
  #keepRest(key: string, pieces: Piece<S>[]): void {
    const { entries, batches, items } = pieces.at(-1)!;
    const batch = batches[0]!;
    const units = unitsOf(batch, this.#batchUnit);
    if (units >= this.#minUnits) return;
    pieces.pop();
    this.#lanes.unshift(key, { entries, batch, items, units, bytes: batch.byteLength });
  }

  #piecesOf(parts: readonly Part<S>[]): Piece<S>[] {
    if (this.#parts.sealer === undefined) {
      return assemble(parts, { sizer: this.#batchUnit, maxUnits: this.#maxUnits });
    }
    return [pieceOf(parts)];
  }

  /** Reads back what is only on disk; what cannot be read is dropped. */
  async #load(parts: readonly Part<S>[]): Promise<Part<S>[]> {
    const loaded: Part<S>[] = [];
    for (const part of parts) {
      try {
        if (part.batch === undefined) await this.#reader!.load(part, parts);
        loaded.push(part);
      } catch (thrown) {
        const piece = { entries: part.entries, batches: [], items: part.items };
        this.#lose(piece, PipelineError.from(thrown));
      }
    }
    return loaded;
  }

  async #send(piece: Piece<S>): Promise<void> {
    const { sealer } = this.#parts;
    const delivery = newDelivery(piece, this.#partition.common(piece.entries));
    if (sealer === undefined) return this.#deliver(delivery, piece, -1);
    this.#flying.set(delivery, piece);
    let position: number;
    try {
      position = await sealer.seal(delivery, piece.entries);
    } catch (thrown) {
      if (this.#flying.delete(delivery)) this.#lose(piece, PipelineError.from(thrown));
      return;
    }
    if (!this.#flying.has(delivery)) return;
    return this.#deliver(delivery, this.#sealedPiece(piece, delivery.sealed!), position);
  }

  /** A sealed delivery keeps its sealed form alone, and the memory budget counts that. */
  #sealedPiece({ entries, items }: Piece<S>, { byteLength }: SealedBatch): Piece<S> {
    for (const entry of entries) this.#release(entry);
    const [first] = entries;
    if (first !== undefined && this.#parts.settings.budget.tryReserve(byteLength)) {
      first.reserved = byteLength;
      this.#pacing?.took(byteLength);
    }
    return { entries, batches: [], items };
  }

  async #deliver(delivery: Delivery<S>, piece: Piece<S>, sealedAt: number): Promise<void> {
    this.#flying.set(delivery, piece);
    let error: PipelineError | undefined;
    try {
      await this.#parts.outcome.send(delivery);
      this.#pacing?.delivered();
    } catch (thrown) {
      error = PipelineError.from(thrown);
    }
    if (this.#flying.delete(delivery)) this.#finish(piece, error, sealedAt);
  }

  /** Ends items that never came to an attempt. */
  #lose(piece: Piece<S>, error: PipelineError): void {
    this.#parts.outcome.failed(piece, error);
    this.#finish(piece, error, -1);
  }

  #finish(piece: Piece<S>, error: PipelineError | undefined, sealedAt: number): void {
    const { disk, settings, config, sealer } = this.#parts;
    const kept = disk !== undefined && error instanceof ShutDown;
    if (error !== undefined && !kept) sealer?.lost();
    const acks: number[] = [];
    if (sealedAt >= 0 && !kept) acks.push(sealedAt);
    for (const entry of piece.entries) {
      if (error !== undefined && !(entry.error instanceof ShutDown)) entry.error = error;
      if (--entry.pending > 0) continue;
      if (entry.position >= 0 && !(entry.error instanceof ShutDown)) acks.push(entry.position);
      this.#release(entry);
      if (config.wait_for_result && entry.error === undefined) {
        settings.ledger.delivered(entry.items);
      }
      entry.settle?.(entry.error);
      this.#admission.leave(entry.size);
    }
    if (!kept) settings.ledger.held(-piece.items);
    if (acks.length > 0) disk?.ack(acks);
    if (this.#heir === undefined || !(error instanceof ShutDown)) return;
    for (const batch of piece.batches) this.#heir(batch);
  }

  #release(entry: Entry): void {
    if (entry.reserved === 0) return;
    this.#parts.settings.budget.release(entry.reserved, entry.native);
    entry.native = false;
    this.#pacing?.gave(entry.reserved);
    this.#cachedBytes -= entry.cached;
    entry.reserved = 0;
    entry.cached = 0;
  }

  /** Gives up everything that is still here. */
  #abandon(): void {
    const { outcome } = this.#parts;
    const error = new ShutDown();
    for (const [delivery, piece] of this.#flying) {
      outcome.abandon(delivery, error);
      this.#finish(piece, error, -1);
    }
    this.#flying.clear();
    this.#loseWaiting(error);
  }

  /** Ends everything that waits, to be given to the heir if there is one. */
  #loseWaiting(error: ShutDown): void {
    this.#lanes.flush();
    for (let piece = this.#pieces.shift(); piece !== undefined; piece = this.#pieces.shift()) {
      this.#lose(piece, error);
    }
    for (let taken = this.#lanes.take(); taken !== undefined; taken = this.#lanes.take()) {
      this.#lose(pieceOf(taken.parts), error);
    }
  }
}
