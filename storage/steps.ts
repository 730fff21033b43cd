/** Long work in steps, so that one large answer does not hold up everything else. */
import { setImmediate } from 'node:timers/promises';

/** Work that yields wherever others may have their turn, and returns its result. */
export type Steps<T> = Generator<undefined, T, undefined>;

/** Pieces of work of one step: a few milliseconds of sorting attributes or reading columns. */
const stepPieces = 4_000;
/** Items that are sorted without a turn for others. */
const runLength = 1_000;

/** Counts pieces of work: no look at a clock for each. */
export class Pace {
  #left = stepPieces;

  /** Whether the step is long enough now. @param pieces done since the last call */
  due(pieces = 1): boolean {
    this.#left -= pieces;
    if (this.#left > 0) return false;
    this.#left = stepPieces;
    return true;
  }
}

/** Does all steps without a turn for others. */
export function atOnce<T>(steps: Steps<T>): T {
  for (;;) {
    const { done, value } = steps.next();
    if (done === true) return value;
  }
}

/**
 * Does the steps with a turn of the loop between each two.
 * @param signal ends the work early: the call rejects with its reason
 */
export async function inTurns<T>(steps: Steps<T>, signal?: AbortSignal): Promise<T> {
  for (;;) {
    const { done, value } = steps.next();
    if (done === true) return value;
    await setImmediate();
    signal?.throwIfAborted();
  }
}

/** Items in order; equal ones stay as they stand. */
export function* sorted<T>(items: readonly T[], compare: (a: T, b: T) => number): Steps<T[]> {
  const pace = new Pace();
  let runs: T[][] = [];
  for (let at = 0; at < items.length; at += runLength) {
    runs.push(items.slice(at, at + runLength).sort(compare));
    if (pace.due(runLength)) yield;
  }
  while (runs.length > 1) {
    const longer: T[][] = [];
    for (let i = 0; i < runs.length; i += 2) {
      const [left, right] = [runs[i]!, runs[i + 1]];
      longer.push(right === undefined ? left : yield* merged(left, right, compare, pace));
    }
    runs = longer;
  }
  return runs[0] ?? [];
}

function* merged<T>(
  left: readonly T[],
  right: readonly T[],
  compare: (a: T, b: T) => number,
  pace: Pace,
): Steps<T[]> {
  const out: T[] = [];
  let [i, j] = [0, 0];
  while (i < left.length && j < right.length) {
    out.push(compare(left[i]!, right[j]!) <= 0 ? left[i++]! : right[j++]!);
    if (pace.due()) yield;
  }
  while (i < left.length) out.push(left[i++]!);
  while (j < right.length) out.push(right[j++]!);
  return out;
}
