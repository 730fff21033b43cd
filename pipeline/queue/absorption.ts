import type { MemoryBudget } from '../../component/settings.ts';
import type { Signal } from '../../component/signals.ts';
import type { Batch } from '../../pdata/batch.ts';
import { retainedBytes } from '../retain.ts';
import type { Part } from './entry.ts';
import type { Sealer } from './sealer.ts';

/** Larger batches are left to `seal`, which pauses between parts of them. */
const largest = 4 * 2 ** 20;

/**
 * Batches that the backend takes up as they come, so that the queue does not keep their bytes until
 * the delivery is complete. Only the batches of the delivery that is made next are taken up, and
 * only where none that is kept waits before them: what was taken up is always the lane's front.
 */
export class Absorption<S extends Signal> {
  readonly #sealer: Sealer<S>;
  readonly #minUnits: number;
  /** Taken up and not yet sealed. */
  #units = 0;
  /** Parts that wait with their bytes. */
  #kept = 0;

  /** @param minUnits from where a delivery is complete; 0 = every batch is one */
  constructor(sealer: Sealer<S>, minUnits: number) {
    this.#sealer = sealer;
    this.#minUnits = minUnits;
  }

  /** Has a batch taken up and what it takes reserved. undefined: it is to be kept. */
  take(
    batch: Batch<S>,
    budget: MemoryBudget,
  ): { batch: undefined; bytes: number; native: boolean } | undefined {
    if (this.#kept > 0 || this.#units >= this.#minUnits) return undefined;
    const where = this.#sealer.absorbs();
    if (where === undefined) return undefined;
    const plain = batch.plain();
    if (plain.byteLength > largest) return undefined;
    const bytes = plain.byteLength + retainedBytes;
    const native = where === 'native';
    if (!budget.tryReserve(bytes, native)) return undefined;
    this.#sealer.absorb(plain);
    return { batch: undefined, bytes, native };
  }

  /** A part is about to wait; without a batch it was taken up. */
  waits({ batch, units }: Part<S>): void {
    if (batch === undefined) this.#units += units;
    else this.#kept++;
  }

  /** Parts are to be sealed now: all that was taken up is among them, or none. */
  leave(parts: readonly Part<S>[]): void {
    for (const { batch, units } of parts) {
      if (batch === undefined) this.#units -= units;
      else this.#kept--;
    }
  }
}
