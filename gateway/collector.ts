import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

const mebibyte = 2 ** 20;

/**
 * Bytes that may have been given back to the budget before the garbage collector runs: at most
 * 64 MiB, and an eighth of a smaller budget, so that garbage never outweighs what is held.
 */
export function collectEvery(budgetLimit: number): number {
  return Math.min(64 * mebibyte, Math.floor(budgetLimit / 8));
}

/**
 * Runs the garbage collector each time `everyBytes` have been freed. Left alone, V8 lets the
 * garbage outside its heap (request bodies) grow in proportion to what is alive there, or collects
 * far too often; docs/decisions/v8-flags.md has the figures.
 * @param collect a full collection
 * @param later runs a function after what is running now
 * @returns to be called with the size of what was freed
 */
export function createCollector(
  everyBytes: number,
  collect: () => void,
  later: (run: () => void) => void,
): (freedBytes: number) => void {
  let freed = 0;
  let pending = false;
  const run = (): void => {
    pending = false;
    freed = 0;
    collect();
  };
  return (freedBytes) => {
    freed += freedBytes;
    if (freed < everyBytes || pending) return;
    pending = true;
    later(run);
  };
}

/** V8's full collection, without the process having been started with --expose-gc. */
export function fullCollection(): () => void {
  setFlagsFromString('--expose-gc');
  const gc = runInNewContext('gc') as (options: object) => void;
  return () => gc({ type: 'major', execution: 'sync' });
}
