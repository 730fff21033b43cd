import { getHeapStatistics, setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

const mebibyte = 2 ** 20;

/** How often per collection what is outside the heap is looked at. */
const looksPerCollection = 16;

/**
 * Bytes of garbage outside the heap at which the garbage collector runs: at most 64 MiB, and an
 * eighth of a smaller budget, so that garbage never outweighs what is held.
 */
export function collectEvery(budgetLimit: number): number {
  return Math.min(64 * mebibyte, Math.floor(budgetLimit / 8));
}

/**
 * Runs the garbage collector each time the garbage outside the heap (request bodies) has grown by
 * `everyBytes`. Left alone, V8 lets it grow in proportion to what is alive there, or collects far
 * too often; docs/decisions/v8-flags.md has the figures.
 *
 * Garbage is what is outside the heap and not reserved, less what stayed there after earlier
 * collections: sockets' buffers, a compressor's. Bytes given back to the budget only say when to
 * look: the same body is often given back more than once, and not all of it is garbage then.
 * @param outside bytes outside the heap, alive or not
 * @param collect a full collection
 * @param later runs a function after what is running now
 * @returns to be called with the size of what was freed and with what is still reserved
 */
export function createCollector(
  everyBytes: number,
  outside: () => number,
  collect: () => void,
  later: (run: () => void) => void,
): (freedBytes: number, reservedBytes: number) => void {
  const lookEvery = everyBytes / looksPerCollection;
  let freed = 0;
  let pending = false;
  let lasting = Number.POSITIVE_INFINITY;
  const run = (): void => {
    pending = false;
    collect();
  };
  return (freedBytes, reservedBytes) => {
    freed += freedBytes;
    if (freed < lookEvery || pending) return;
    freed = 0;
    const unreserved = outside() - reservedBytes;
    lasting = Math.min(lasting, unreserved);
    if (unreserved - lasting < everyBytes) return;
    lasting = unreserved;
    pending = true;
    later(run);
  };
}

/** Bytes outside V8's heap that it knows of. */
export function bytesOutside(): number {
  return getHeapStatistics().external_memory;
}

/** V8's full collection, without the process having been started with --expose-gc. */
export function fullCollection(): () => void {
  setFlagsFromString('--expose-gc');
  const gc = runInNewContext('gc') as (options: object) => void;
  return () => gc({ type: 'major', execution: 'sync' });
}
