import { readClassic } from './classic.ts';
import { Exposition } from './exposition.ts';
import { ScrapeFault } from './fault.ts';
import { readOpenMetrics } from './open-metrics.ts';

/** What an exposition says, entry by entry; lines about families first. */
export function entriesOf(out: Exposition): unknown[][] {
  const entries: unknown[][] = out.metadata.map((number) => {
    const line = out.lines.line(number);
    return [line.kind, line.name, line.kind === 'type' ? line.type : line.text];
  });
  const shown = (value: number) => (Number.isFinite(value) ? value : goText(value));
  for (let i = 0; i < out.count; i += 1) {
    const time = out.times.values[i]!;
    const exemplars = out.exemplars
      .get(i)
      ?.map((e) => [e.labels, shown(e.value), e.timeMs ?? null]);
    const labels = out.known.labels(out.series.values[i]!);
    const value = shown(out.values.values[i]!);
    entries.push(['sample', labels, value, Number.isNaN(time) ? null : time, exemplars ?? null]);
  }
  return entries;
}

function goText(value: number): string {
  if (Number.isNaN(value)) return 'NaN';
  return value > 0 ? '+Inf' : '-Inf';
}

/** Reads a text as a target's first scrape. @returns undefined where it is refused */
export function readText(
  format: 'classic' | 'openmetrics',
  text: string | Buffer,
  out = new Exposition(1),
): unknown[][] | undefined {
  out.clear();
  try {
    const read = format === 'classic' ? readClassic : readOpenMetrics;
    read(Buffer.from(text), out);
  } catch (error) {
    if (error instanceof ScrapeFault) return undefined;
    throw error;
  }
  return entriesOf(out);
}
