import { PipelineError } from '../../component/errors.ts';
import type { Signal } from '../../component/signals.ts';
import type { SealedBatch } from '../backend.ts';
import { type Delivery, newDelivery } from '../chain/delivery.ts';
import { NewerForm, ShutDown } from '../chain/errors.ts';
import { assemble, pieceOf, unitsOf } from './assemble.ts';
import { Deque } from './deque.ts';
import type { Entry, Part, Piece } from './entry.ts';
import type { QueueParts } from './parts.ts';
import { QueueReader } from './reader.ts';
import type { Settling } from './settling.ts';
import type { QueueWorks } from './works.ts';

/** A sealed batch of an earlier run. */
export interface SealedWait {
  readonly entry: Entry;
  readonly bytes: number;
}

/** Keeps `num_consumers` deliveries under way; a batch is made when a consumer is free for it. */
export class Deliveries<S extends Signal> {
  readonly #parts: QueueParts<S>;
  readonly #works: QueueWorks<S>;
  readonly #settling: Settling<S>;
  readonly #reader: QueueReader<S> | undefined;
  /** Pieces of a split, or of what could not be sealed together, that wait for a consumer. */
  readonly #pieces = new Deque<Piece<S>>();
  /** Sealed batches of an earlier run; they go first. */
  readonly #sealed = new Deque<SealedWait>();
  readonly #flying = new Map<Delivery<S>, Piece<S>>();
  #active = 0;
  #whenIdle: (() => void) | undefined;

  constructor(parts: QueueParts<S>, works: QueueWorks<S>, settling: Settling<S>) {
    const { disk, settings, pauses } = parts;
    this.#parts = parts;
    this.#works = works;
    this.#settling = settling;
    this.#reader =
      disk && new QueueReader(disk, settings.budget, pauses, () => this.#flying.size === 0);
  }

  /** Whether any delivery is under way. */
  get busy(): boolean {
    return this.#active > 0;
  }

  pushSealed(waits: SealedWait): void {
    this.#sealed.push(waits);
  }

  /** Resolves when nothing is under way nor, without a disk, waits; after `boundMs` at the latest. */
  async ended(boundMs: number): Promise<void> {
    if (this.#idle) return;
    await new Promise<void>((resolve) => {
      const timer = this.#parts.settings.clock.after(boundMs, resolve);
      this.#whenIdle = () => {
        timer.cancel();
        resolve();
      };
    });
  }

  /** A full queue does not wait for larger batches: no more comes before room is made. */
  makeRoom(): void {
    if (this.#active >= this.#works.consumers || this.#works.stopping) return;
    this.#works.lanes.hurry();
    this.dispatch();
  }

  /** Starts as many deliveries as there are free consumers and batches. */
  dispatch(): void {
    if (!this.#works.started) return;
    const { disk } = this.#parts;
    while (this.#active < this.#works.consumers && !(this.#works.stopping && disk !== undefined)) {
      const work = this.#nextWork();
      if (work === undefined) break;
      this.#active++;
      void work().then(() => {
        this.#active--;
        this.dispatch();
      });
    }
    if (this.#whenIdle !== undefined && this.#idle) this.#whenIdle();
  }

  #nextWork(): (() => Promise<void>) | undefined {
    const sealed = this.#sealed.shift();
    if (sealed !== undefined) return () => this.#sendSealed(sealed);
    const piece = this.#pieces.shift();
    if (piece !== undefined) return () => this.#send(piece);
    const taken = this.#works.lanes.take();
    if (taken !== undefined) this.#works.absorption?.leave(taken.parts);
    return taken && (() => this.#sendParts(taken.key, taken.parts));
  }

  get #idle(): boolean {
    if (this.#active > 0) return false;
    return this.#parts.disk !== undefined || !this.#works.started || this.#works.lanes.empty;
  }

  async #sendSealed({ entry, bytes }: SealedWait): Promise<void> {
    const { sealer } = this.#parts;
    const piece: Piece<S> = { entries: [entry], batches: [], items: entry.items };
    const delivery = newDelivery<S>(piece);
    delivery.previousUnknown = true;
    try {
      if (sealer === undefined) {
        throw new NewerForm('cannot send a sealed batch: this version does not seal');
      }
      delivery.sealed = sealer.decode(await this.#reader!.loadSealed(entry, bytes));
    } catch (thrown) {
      this.#reader?.loaded(entry);
      this.#settling.lose(piece, PipelineError.from(thrown));
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
    this.#works.pacing?.sends(loaded);
    let pieces: Piece<S>[];
    try {
      pieces = this.#piecesOf(loaded);
    } catch (thrown) {
      this.#settling.lose(pieceOf(loaded), PipelineError.from(thrown));
      return;
    }
    if (pieces.length > 1 && !this.#works.stopping) this.#keepRest(key, pieces);
    this.#works.telemetry.batched(loaded, pieces, this.#works.minUnits);
    for (const piece of pieces.slice(1)) this.#pieces.push(piece);
    const sent = this.#send(pieces[0]!);
    if (pieces.length > 1) this.dispatch();
    await sent;
  }

  /** What a split left over waits for more, unless it is a batch of its own. */
  #keepRest(key: string, pieces: Piece<S>[]): void {
    const { entries, batches, items } = pieces.at(-1)!;
    const batch = batches[0]!;
    const units = unitsOf(batch, this.#works.batchUnit);
    if (units >= this.#works.minUnits) return;
    pieces.pop();
    this.#works.lanes.unshift(key, { entries, batch, items, units, bytes: batch.byteLength });
  }

  #piecesOf(parts: readonly Part<S>[]): Piece<S>[] {
    if (this.#parts.sealer === undefined) {
      return assemble(parts, { sizer: this.#works.batchUnit, maxUnits: this.#works.maxUnits });
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
        this.#settling.lose(piece, PipelineError.from(thrown));
      }
    }
    return loaded;
  }

  async #send(piece: Piece<S>): Promise<void> {
    const { sealer } = this.#parts;
    const delivery = newDelivery(piece, this.#works.partition.common(piece.entries));
    if (sealer === undefined) return this.#deliver(delivery, piece, -1);
    this.#flying.set(delivery, piece);
    let position: number;
    try {
      position = await sealer.seal(delivery, piece.entries);
    } catch (thrown) {
      if (this.#flying.delete(delivery)) this.#notSealed(piece, PipelineError.from(thrown));
      return;
    }
    if (!this.#flying.has(delivery)) return;
    return this.#deliver(delivery, this.#sealedPiece(piece, delivery.sealed!), position);
  }

  /** One request that cannot be sealed does not take others with it: each is tried alone. */
  #notSealed(piece: Piece<S>, error: PipelineError): void {
    const { entries, batches } = piece;
    const isAlone = entries.length === 1 || this.#works.absorption !== undefined;
    if (isAlone || error instanceof ShutDown) {
      this.#settling.lose(piece, error);
      return;
    }
    for (const [i, batch] of batches.entries()) {
      this.#pieces.push({ entries: [entries[i]!], batches: [batch], items: entries[i]!.items });
    }
  }

  /** A sealed delivery keeps its sealed form alone, and the memory budget counts that. */
  #sealedPiece({ entries, items }: Piece<S>, { byteLength }: SealedBatch): Piece<S> {
    for (const entry of entries) this.#settling.release(entry);
    const [first] = entries;
    if (first !== undefined && this.#parts.settings.budget.tryReserve(byteLength)) {
      first.reserved = byteLength;
      this.#works.pacing?.took(byteLength);
    }
    return { entries, batches: [], items };
  }

  async #deliver(delivery: Delivery<S>, piece: Piece<S>, sealedAt: number): Promise<void> {
    this.#flying.set(delivery, piece);
    let error: PipelineError | undefined;
    try {
      await this.#parts.outcome.send(delivery);
      this.#works.pacing?.delivered();
    } catch (thrown) {
      error = PipelineError.from(thrown);
    }
    if (this.#flying.delete(delivery)) this.#settling.finish(piece, error, sealedAt);
  }

  /** Gives up everything that is still here. */
  abandon(): void {
    const { outcome } = this.#parts;
    const error = new ShutDown();
    for (const [delivery, piece] of this.#flying) {
      outcome.abandon(delivery, error);
      this.#settling.finish(piece, error, -1);
    }
    this.#flying.clear();
    this.loseWaiting(error);
  }

  /** Ends everything that waits, to be given to the heir if there is one. */
  loseWaiting(error: ShutDown): void {
    this.#works.lanes.flush();
    for (let one = this.#sealed.shift(); one !== undefined; one = this.#sealed.shift()) {
      this.#settling.lose({ entries: [one.entry], batches: [], items: one.entry.items }, error);
    }
    for (let piece = this.#pieces.shift(); piece !== undefined; piece = this.#pieces.shift()) {
      this.#settling.lose(piece, error);
    }
    for (
      let taken = this.#works.lanes.take();
      taken !== undefined;
      taken = this.#works.lanes.take()
    ) {
      this.#settling.lose(pieceOf(taken.parts), error);
    }
  }
}
