import type { MemoryBudget } from '../../component/settings.ts';
import type { Signal } from '../../component/signals.ts';
import { ShutDown, Unreadable } from '../chain/errors.ts';
import type { Pauses } from '../chain/retry.ts';
import type { DiskQueue } from './disk.ts';
import { textOf } from './disk.ts';
import type { Entry, Part } from './entry.ts';

/** How often a reader asks again for room in the budget. */
const retryMs = 50;

/**
 * Brings parts that are only on disk into memory. Waits for room in the budget; when nothing of
 * this queue is under way, one consumer goes ahead without, so that a queue always moves.
 */
export class QueueReader<S extends Signal> {
  readonly #disk: DiskQueue<S>;
  readonly #budget: MemoryBudget;
  readonly #pauses: Pauses;
  readonly #idle: () => boolean;
  /** The consumer that goes ahead without room. */
  #ahead: object | undefined;

  constructor(disk: DiskQueue<S>, budget: MemoryBudget, pauses: Pauses, idle: () => boolean) {
    this.#disk = disk;
    this.#budget = budget;
    this.#pauses = pauses;
    this.#idle = idle;
  }

  /**
   * Fills in `part.batch`. Rejects with ShutDown, or a permanent error when it is unreadable.
   * @param consumer stands for who loads, until `loaded(consumer)`
   */
  async load(part: Part<S>, consumer: object): Promise<void> {
    const entry = part.entries[0]!;
    await this.#reserve(entry, part.bytes, consumer);
    part.batch = await readable(() => this.#disk.readBatch(entry.position));
  }

  /** The body of a sealed record; rejects as `load`. */
  async loadSealed(entry: Entry, bytes: number): Promise<Uint8Array> {
    await this.#reserve(entry, bytes, entry);
    return readable(() => this.#disk.readSealed(entry.position));
  }

  /** What `consumer` loaded is under way, or lost. */
  loaded(consumer: object): void {
    if (this.#ahead === consumer) this.#ahead = undefined;
  }

  async #reserve(entry: Entry, bytes: number, consumer: object): Promise<void> {
    for (;;) {
      if (this.#pauses.stopped) throw new ShutDown();
      if (this.#budget.tryReserve(bytes)) {
        entry.reserved += bytes;
        return;
      }
      if (this.#idle() && (this.#ahead === undefined || this.#ahead === consumer)) {
        this.#ahead = consumer;
        return;
      }
      await this.#pauses.pause(retryMs);
    }
  }
}

async function readable<T>(read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof Unreadable) throw error;
    throw new Unreadable(`cannot read a record of the queue back: ${textOf(error)}`, error);
  }
}
