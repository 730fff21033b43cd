/** What the main thread of a tab does for each frame, out of Chromium's trace events. */
import type { CDPSession, Page } from 'playwright-core';

interface TraceEvent {
  readonly name: string;
  readonly ph: string;
  readonly pid: number;
  readonly tid: number;
  /** Microseconds. */
  readonly ts: number;
  readonly dur?: number;
  readonly args: { readonly name?: string; readonly data?: { readonly isMainFrame?: boolean } };
}

export interface Frames {
  /** Milliseconds of main-thread work of each frame, sorted. */
  readonly workMs: readonly number[];
  /** Main-thread tasks longer than 50 ms. */
  readonly longTasks: number;
}

const categories = [
  'toplevel',
  'devtools.timeline',
  'devtools.timeline.frame',
  'disabled-by-default-devtools.timeline.frame',
];

/** Work of the main thread while `run` runs, by frame. */
export async function traceFrames(page: Page, run: () => Promise<void>): Promise<Frames> {
  const session = await page.context().newCDPSession(page);
  const events: TraceEvent[] = [];
  session.on('Tracing.dataCollected', ({ value }) => {
    events.push(...(value as unknown as TraceEvent[]));
  });
  const done = new Promise<void>((resolve) =>
    session.once('Tracing.tracingComplete', () => resolve()),
  );
  const traceConfig = {
    includedCategories: categories,
    recordMode: 'recordAsMuchAsPossible' as const,
  };
  await session.send('Tracing.start', { transferMode: 'ReportEvents', traceConfig });
  await run();
  await session.send('Tracing.end');
  await done;
  await session.detach();
  return framesOf(events);
}

/**
 * A frame is from one begin of a main frame to the next; its work is what its tasks took. The
 * thread is that of the renderer with most main frames: the page's.
 */
function framesOf(events: readonly TraceEvent[]): Frames {
  const begins = events.filter(({ name }) => name === 'BeginMainThreadFrame');
  const threads = Map.groupBy(begins, ({ pid, tid }) => `${pid} ${tid}`);
  const [thread] = [...threads].sort(([, a], [, b]) => b.length - a.length)[0] ?? [''];
  const own = events.filter(({ pid, tid }) => `${pid} ${tid}` === thread);
  const starts = own
    .filter(({ name }) => name === 'BeginMainThreadFrame')
    .map(({ ts }) => ts)
    .sort((a, b) => a - b);
  const tasks = own.filter(({ name, ph }) => ph === 'X' && name.endsWith('RunTask'));
  const outer = withoutNested(tasks);
  const work = new Float64Array(starts.length);
  for (const { ts, dur = 0 } of outer) {
    // The task that a frame begins in is its own.
    let frame = upperBound(starts, ts) - 1;
    if (frame + 1 < starts.length && starts[frame + 1]! < ts + dur) frame += 1;
    if (frame >= 0) work[frame]! += dur / 1000;
  }
  return {
    workMs: [...work.subarray(0, -1)].sort((a, b) => a - b),
    longTasks: outer.filter(({ dur = 0 }) => dur > 50_000).length,
  };
}

function withoutNested(tasks: readonly TraceEvent[]): TraceEvent[] {
  const sorted = tasks.toSorted((a, b) => a.ts - b.ts || (b.dur ?? 0) - (a.dur ?? 0));
  let end = 0;
  return sorted.filter(({ ts, dur = 0 }) => {
    if (ts < end) return false;
    end = ts + dur;
    return true;
  });
}

/** First position whose value is greater. */
function upperBound(sorted: readonly number[], value: number): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle]! <= value) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Scrolls with the wheel. @param speed pixels a second */
export async function scroll(
  session: CDPSession,
  { x, y, distance, speed }: { x: number; y: number; distance: number; speed: number },
): Promise<void> {
  await session.send('Input.synthesizeScrollGesture', {
    ...{ x, y, xDistance: 0, yDistance: -distance, speed },
    gestureSourceType: 'mouse',
    preventFling: true,
  });
}
