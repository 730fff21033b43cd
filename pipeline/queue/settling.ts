import type { PipelineError } from '../../component/errors.ts';
import type { Signal } from '../../component/signals.ts';
import type { Batch } from '../../pdata/batch.ts';
import { ShutDown, staysOnDisk } from '../chain/errors.ts';
import type { Entry, Piece } from './entry.ts';
import type { QueueParts } from './parts.ts';
import type { QueueWorks } from './works.ts';

/** Ends requests: room, memory, records on disk, and whoever waits for the result. */
export class Settling<S extends Signal> {
  readonly #parts: QueueParts<S>;
  readonly #works: QueueWorks<S>;
  #cachedBytes = 0;
  /** Takes what a shutdown would try once more. */
  #heir: ((batch: Batch<S>) => void) | undefined;

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
  handOver(heir: (batch: Batch<S>) => void): void {
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
    const { disk, settings, config, sealer } = this.#parts;
    const kept = disk !== undefined && staysOnDisk(error);
    if (error !== undefined && !kept) sealer?.lost();
    const acks: number[] = [];
    if (sealedAt >= 0 && !kept) acks.push(sealedAt);
    for (const entry of piece.entries) {
      if (error !== undefined && !staysOnDisk(entry.error)) entry.error = error;
      if (--entry.pending > 0) continue;
      if (entry.position >= 0 && !staysOnDisk(entry.error)) acks.push(entry.position);
      this.release(entry);
      if (config.wait_for_result && entry.error === undefined) {
        settings.ledger.delivered(entry.items);
      }
      entry.settle?.(entry.error);
      this.#works.admission.leave(entry.size);
    }
    if (!kept) settings.ledger.held(-piece.items);
    if (acks.length > 0) disk?.ack(acks);
    if (this.#heir === undefined || !(error instanceof ShutDown)) return;
    for (const batch of piece.batches) this.#heir(batch);
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
