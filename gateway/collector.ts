import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { BudgetWatch } from '../pipeline/budget.ts';

const mebibyte = 2 ** 20;

/** Part of the bound of the garbage at which a minor collection is tried. */
const minorFraction = 3 / 4;

/**
 * Times that bound at which a full one runs. Not sooner: it throws away the code that was optimised
 * for objects none of which lives at that moment. Not later: bodies that became old pile up.
 */
const fullFactor = 1.5;

/** How long nothing is given back before a process counts as idle. */
const idleMs = 10_000;

/** How often per collection what is outside the heap is looked at. */
const looksPerCollection = 8;

/**
 * Bound of the garbage outside the heap, in bytes: at most 64 MiB, and an eighth of a smaller
 * budget, so that garbage never outweighs what is held.
 */
export function collectEvery(budgetLimit: number): number {
  return Math.min(64 * mebibyte, Math.floor(budgetLimit / 8));
}

/** What {@link createCollector} runs. */
export interface Collections {
  /** Frees what died young: 1 ms. */
  minor(): void;
  /** Frees everything: 10 ms for a heap of 20 MB. */
  full(): void;
  /** Frees everything, and memory that was kept to be used again: 25 ms. */
  shrink(): void;
}

/**
 * Runs the garbage collector as garbage outside the heap (request bodies) grows: a minor collection
 * each time it has grown by three quarters of `everyBytes`, a full one when it has by one and a
 * half times that bound, because bodies had become old.
 * Where large memory is wanted and garbage fills what the budget has free, a full one runs at once:
 * what is held and what was held a moment ago stay within the budget together.
 * docs/decisions/v8-flags.md has the figures.
 *
 * Garbage is what is outside the heap and not reserved, less what stayed there after earlier
 * collections: sockets' buffers, a compressor's. Bytes given back to the budget only say when to
 * look: the same body is often given back more than once, and not all of it is garbage then.
 * @param everyBytes see {@link collectEvery}
 * @param outside bytes outside the heap, alive or not
 * @param later runs a function after what is running now
 */
export function createCollector(
  everyBytes: number,
  outside: () => number,
  collections: Pick<Collections, 'minor' | 'full'>,
  later: (run: () => void) => void,
): BudgetWatch {
  const lookEvery = everyBytes / looksPerCollection;
  let freedSince = 0;
  let pending = false;
  let lasting = Number.POSITIVE_INFINITY;
  let sinceMinor = Number.POSITIVE_INFINITY;
  const look = (reservedBytes: number): number => {
    const unreserved = outside() - reservedBytes;
    lasting = Math.min(lasting, unreserved);
    sinceMinor = Math.min(sinceMinor, unreserved);
    return unreserved;
  };
  const run = (collect: () => void): void => {
    pending = true;
    later(() => {
      pending = false;
      collect();
    });
  };
  return {
    freed(bytes, reservedBytes) {
      freedSince += bytes;
      if (freedSince < lookEvery || pending) return;
      freedSince = 0;
      const unreserved = look(reservedBytes);
      if (unreserved - lasting >= everyBytes * fullFactor) {
        lasting = unreserved;
        sinceMinor = unreserved;
        run(collections.full);
      } else if (unreserved - sinceMinor >= everyBytes * minorFraction) {
        sinceMinor = unreserved;
        run(collections.minor);
      }
    },
    wanted(freeBytes, reservedBytes) {
      const garbage = look(reservedBytes) - lasting;
      if (garbage < everyBytes || garbage <= freeBytes) return;
      collections.full();
      sinceMinor = look(reservedBytes);
    },
  };
}

/**
 * Shrinks the heap when a process becomes idle: ten seconds after its start or after data was last
 * given back, once. V8's own way to do so, switched off by the launcher, takes a gateway for idle
 * that allocates little inside the heap, and spends a tenth of its time on it.
 * @param every calls a function again and again
 * @returns to be called when something was given back
 */
export function createIdleShrink(
  shrink: () => void,
  every: (milliseconds: number, run: () => void) => void,
): () => void {
  let busy = false;
  let shrunk = false;
  every(idleMs, () => {
    if (!busy && !shrunk) {
      shrunk = true;
      shrink();
    }
    busy = false;
  });
  return () => {
    busy = true;
    shrunk = false;
  };
}

/**
 * Bytes of ArrayBuffers. Other figures for what is outside the heap lag behind by a collection:
 * V8 brings them up to date when the next one begins.
 */
export function bytesOutside(): number {
  return process.memoryUsage().arrayBuffers;
}

/** V8's collections, without the process having been started with --expose-gc. */
export function collections(): Collections {
  setFlagsFromString('--expose-gc');
  const gc = runInNewContext('gc') as (options: object) => void;
  return {
    minor: () => gc({ type: 'minor', execution: 'sync' }),
    full: () => gc({ type: 'major', execution: 'sync' }),
    shrink: () => gc({ type: 'major', execution: 'sync', flavor: 'last-resort' }),
  };
}
