import { PipelineError } from '../../component/errors.ts';
import type { Settings } from '../../component/settings.ts';
import type { Signal } from '../../component/signals.ts';
import type { Batch } from '../../pdata/batch.ts';
import type { SealedBatch, SealingBackend } from '../backend.ts';
import type { Delivery } from '../chain/delivery.ts';
import { Unreadable } from '../chain/errors.ts';
import type { Pauses } from '../chain/retry.ts';
import type { DiskQueue } from './disk.ts';
import type { Entry } from './entry.ts';
import { written } from './written.ts';

/** Turns deliveries into their final form, and with a log makes that form durable. */
export class Sealer<S extends Signal> {
  readonly #backend: SealingBackend<S, SealedBatch>;
  readonly #settings: Pick<Settings, 'clock' | 'logger'>;
  readonly #disk: DiskQueue<S> | undefined;
  readonly #pauses: Pauses;

  constructor(
    backend: SealingBackend<S, SealedBatch>,
    settings: Pick<Settings, 'clock' | 'logger'>,
    disk: DiskQueue<S> | undefined,
    pauses: Pauses,
  ) {
    this.#backend = backend;
    this.#settings = settings;
    this.#disk = disk;
    this.#pauses = pauses;
  }

  /** As `parallel` of the backend. */
  get parallel(): number | undefined {
    return this.#backend.parallel;
  }

  /** As `lost` of the backend. */
  lost(): void {
    this.#backend.lost?.();
  }

  /** As `absorbs` of the backend. */
  absorbs(): 'native' | 'buffers' | undefined {
    return this.#backend.absorbs?.();
  }

  /** Lets the backend take a batch up for the next `seal`. */
  absorb(batch: Batch<S>): void {
    this.#backend.absorb?.(batch, this.#settings.clock.unixMs());
  }

  /**
   * Seals a delivery. In the log the sealed record replaces the records of `entries`.
   * @returns the position of the sealed record; -1 without a log, or where it needs no record
   */
  async seal(delivery: Delivery<S>, entries: readonly Entry[]): Promise<number> {
    let sealed: SealedBatch;
    try {
      sealed = await this.#backend.seal(delivery.batches, this.#settings.clock.unixMs());
    } catch (error) {
      throw PipelineError.from(error);
    }
    delivery.batches = [];
    delivery.sealed = sealed;
    if (this.#disk === undefined || sealed.repeatable === true) return -1;
    const body = this.#backend.encode(sealed);
    const position = await this.#write(this.#disk, delivery.items, body, entries);
    for (const entry of entries) entry.position = -1;
    return position;
  }

  /** What encode() gave before a restart; throws Unreadable, or NewerForm when decode() does. */
  decode(bytes: Uint8Array): SealedBatch {
    try {
      return this.#backend.decode(bytes);
    } catch (error) {
      if (error instanceof Unreadable) throw error;
      const why = PipelineError.from(error).message;
      throw new Unreadable(`cannot decode a sealed batch: ${why}`, error);
    }
  }

  #write(
    disk: DiskQueue<S>,
    items: number,
    body: readonly Uint8Array[],
    entries: readonly Entry[],
  ): Promise<number> {
    const replaces = entries.map((entry) => entry.position);
    const write = () => disk.appendSealed(items, body, replaces);
    return written(write, this.#pauses, ({ message: error }) => {
      const fields = { error, items };
      this.#settings.logger.warn('Cannot write a sealed batch yet. Will try again.', fields);
    });
  }
}
