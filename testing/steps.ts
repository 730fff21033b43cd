import { Session } from 'node:inspector';

/*
 * Steps instead of times: a test that says "twice the input, twice the work" with them does not
 * depend on the machine. Import this file first: functions that ran before are not counted.
 */

interface Coverage {
  readonly result: readonly {
    readonly url: string;
    readonly functions: readonly { readonly ranges: readonly { readonly count: number }[] }[];
  }[];
}

const session = new Session();
session.connect();
session.post('Profiler.enable');
session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: true });

/** Blocks of this project's code that V8 ran since the last call. */
function taken(): number {
  let steps = 0;
  session.post('Profiler.takePreciseCoverage', (error: Error | null, coverage: object) => {
    if (error !== null) throw error;
    for (const { url, functions } of (coverage as Coverage).result) {
      if (!url.startsWith('file:') || url.includes('/node_modules/')) continue;
      for (const { ranges } of functions) for (const range of ranges) steps += range.count;
    }
  });
  return steps;
}

/** How many blocks of this project's code V8 runs for `run`; loops inside V8 count as one. */
export function stepsOf(run: () => void): number {
  taken();
  run();
  return taken();
}
