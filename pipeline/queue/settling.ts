import { background, type Context } from '../../component/consumer.ts';
import { PipelineError } from '../../component/errors.ts';
import type { Signal } from '../../component/signals.ts';
import type { Batch } from '../../pdata/batch.ts';
import { ShutDown, staysOnDisk } from '../chain/errors.ts';
import type { Entry, Piece } from './entry.ts';
import type { QueueParts } from './parts.ts';
import type { QueueWorks } from './works.ts';

/**
 * The exporter that replaces this one.
 * @returns what rejects when it does not take the batch or, where its senders wait for results,
 *   does not deliver it
 */
export type Heir<S extends Signal> = (batch: Batch<S>, ctx: Context) => Promise<void>;

/** Ends requests: room, memory, records on disk, and whoever waits for the result. */
export class Settling<S extends Signal> {
  readonly #parts: QueueParts<S>;
  readonly #works: QueueWorks<S>;
  #cachedBytes = 0;
  /** Takes what a shutdown would try once more. */
  #heir: Heir<S> | undefined;

  constructor(parts: QueueParts<S>, works: QueueWorks<S>) {
    this.#parts = parts;
    this.#works = works;
  }

  /** Memory of batches that are on disk, too. */
  get cachedBytes(): number {
    return this.#cachedBytes;
  }

  /** Notes that `bytes` of the budget, already reserved, spare reading an entry back. */
  cached(entry: Entry, bytes: number): void {
    entry.reserved = bytes;
    entry.cached = bytes;
    this.#cachedBytes += bytes;
  }

  /** From now on `heir` is given what a shutdown interrupts. */
  handOver(heir: Heir<S>): void {
    this.#heir = heir;
  }

  /** Ends items that never came to an attempt. */
  lose(piece: Piece<S>, error: PipelineError): void {
    this.#parts.outcome.failed(piece, error);
    this.finish(piece, error, -1);
  }

  /**
   * Ends a delivery.
   * @param error undefined = it arrived
   * @param sealedAt position of its sealed record; -1 = none
   */
  finish(piece: Piece<S>, error: PipelineError | undefined, sealedAt: number): void {
    const { disk, settings, sealer } = this.#parts;
    const given = this.#given(error);
    const kept = disk !== undefined && staysOnDisk(error);
    if (error !== undefined && !kept) sealer?.lost();
    const acks: number[] = [];
    if (sealedAt >= 0 && !kept) acks.push(sealedAt);
    for (const entry of piece.entries) {
      if (given !== undefined) entry.given = [...(entry.given ?? []), given.promise];
      else if (error !== undefined && !staysOnDisk(entry.error)) entry.error = error;
      if (--entry.pending > 0) continue;
      if (entry.position >= 0 && !staysOnDisk(entry.error)) acks.push(entry.position);
      this.release(entry);
      this.#end(entry);
      this.#works.admission.leave(entry.size);
    }
    if (kept) settings.ledger.left(piece.items);
    else settings.ledger.held(-piece.items);
    if (acks.length > 0) disk?.ack(acks);
    if (given !== undefined) this.#give(piece).then(given.resolve, given.reject);
  }

  /** The end of what another exporter takes; undefined: nobody takes it. */
  #given(error: PipelineError | undefined): PromiseWithResolvers<void> | undefined {
    if (this.#heir === undefined || !(error instanceof ShutDown)) return undefined;
    const given = Promise.withResolvers<void>();
    given.promise.catch(() => {}); // entries look at it when their last part has ended
    return given;
  }

  /** The items count at the exporter that takes them from now on. */
  async #give({ entries, batches }: Piece<S>): Promise<void> {
    const client = this.#works.partition.common(entries) ?? background.client;
    const ctx = { ...background, client };
    const ends = await Promise.allSettled(batches.map((batch) => this.#giveOne(batch, ctx)));
    for (const end of ends) if (end.status === 'rejected') throw end.reason;
  }

  /** Rejects where senders wait for the result. */
  async #giveOne(batch: Batch<S>, ctx: Context): Promise<void> {
    const { settings, config } = this.#parts;
    const { ledger, logger } = settings;
    const items = batch.itemCount;
    try {
      await this.#heir!(batch, ctx);
      if (config.wait_for_result) ledger.delivered(-items); // counted with their entries as well
    } catch (thrown) {
      const error = PipelineError.from(thrown);
      if (config.wait_for_result) throw error;
      ledger.dropped('hand_over', items);
      const fields = { error: error.message, dropped_items: items };
      logger.error('Handing over a queue failed. Dropping data.', fields);
    }
  }

  /** Tells who waits for an entry, once the exporters that were given parts of it know. */
  #end(entry: Entry): void {
    const { settings, config } = this.#parts;
    const tell = (error: PipelineError | undefined): void => {
      if (config.wait_for_result && error === undefined) settings.ledger.delivered(entry.items);
      entry.settle?.(error);
    };
    if (entry.given === undefined) tell(entry.error);
    else {
      Promise.all(entry.given).then(
        () => tell(entry.error),
        (thrown) => tell(PipelineError.from(thrown)),
      );
    }
  }

  /** Gives the memory of an entry back. */
  release(entry: Entry): void {
    if (entry.reserved === 0) return;
    this.#parts.settings.budget.release(entry.reserved, entry.native);
    entry.native = false;
    this.#works.pacing?.gave(entry.reserved);
    this.#cachedBytes -= entry.cached;
    entry.reserved = 0;
    entry.cached = 0;
  }
}
