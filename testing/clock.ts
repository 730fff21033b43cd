import type { Clock, Timer } from '../component/settings.ts';

/** A clock that stands still until a test moves it. */
export interface FakeClock extends Clock {
  /**
   * Moves on by `ms`, running what falls due in order; between two callbacks, promises get to
   * settle.
   */
  advance(ms: number): Promise<void>;
  /** Callbacks that wait. */
  readonly pending: number;
}

interface Waiting {
  readonly atMs: number;
  readonly sequence: number;
  readonly run: () => void;
}

/** @param unixMs what unixMs() says at the start; monotonicMs() starts at 1000 */
export function fakeClock(unixMs = Date.UTC(2024, 0, 1)): FakeClock {
  const startMs = 1000;
  let nowMs = startMs;
  let sequence = 0;
  const waiting = new Set<Waiting>();
  const next = (untilMs: number): Waiting | undefined => {
    let first: Waiting | undefined;
    for (const one of waiting) {
      if (one.atMs > untilMs) continue;
      const before = first === undefined || one.atMs < first.atMs;
      if (before || (one.atMs === first!.atMs && one.sequence < first!.sequence)) first = one;
    }
    return first;
  };
  return {
    unixMs: () => unixMs + nowMs - startMs,
    monotonicMs: () => nowMs,
    after(ms: number, run: () => void): Timer {
      const one = { atMs: nowMs + Math.max(0, ms), sequence: sequence++, run };
      waiting.add(one);
      return { cancel: () => void waiting.delete(one) };
    },
    async advance(ms: number): Promise<void> {
      const untilMs = nowMs + ms;
      await settle();
      for (let one = next(untilMs); one !== undefined; one = next(untilMs)) {
        waiting.delete(one);
        nowMs = Math.max(nowMs, one.atMs);
        one.run();
        await settle();
      }
      nowMs = untilMs;
      await settle();
    },
    get pending() {
      return waiting.size;
    },
  };
}

/** Lets promises that can settle do so, chained ones included. */
export async function settle(): Promise<void> {
  for (let i = 0; i < 5; i++) await new Promise((resolve) => setImmediate(resolve));
}

/** The real clock, for tests with sockets and files. */
export function realClock(): Clock {
  return {
    unixMs: () => performance.timeOrigin + performance.now(),
    monotonicMs: () => performance.now(),
    after(ms, run) {
      const timer = setTimeout(run, ms);
      timer.unref();
      return { cancel: () => clearTimeout(timer) };
    },
  };
}
