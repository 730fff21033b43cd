import type { Sample } from '../run.ts';
import type { Case } from './cases.ts';

/** The samples of one case for both programs. */
export interface Row {
  test: Case;
  ours: Sample[];
  theirs: Sample[];
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

function spread(values: readonly number[]): string {
  const middle = median(values);
  return `${Math.round(((Math.max(...values) - Math.min(...values)) / middle / 2) * 100)}`;
}

function thousands(value: number): string {
  return Number.isNaN(value) ? '-' : `${(value / 1000).toFixed(value < 20_000 ? 1 : 0)} k`;
}

function cells(row: Row, pick: (sample: Sample) => number): string[] {
  const ours = row.ours.map(pick);
  const theirs = row.theirs.map(pick);
  const ratio = theirs.length === 0 ? '-' : `${(median(ours) / median(theirs)).toFixed(2)}x`;
  const collector = theirs.length === 0 ? '-' : `${thousands(median(theirs))} ±${spread(theirs)} %`;
  return [`${thousands(median(ours))} ±${spread(ours)} %`, collector, ratio];
}

/** Markdown rows: items per CPU second (median and spread), ratio, peak RSS. */
export function table(rows: readonly Row[], header: boolean): string {
  const lines = header
    ? [
        '| path, items a request, compression | items per CPU-s | Go collector | ratio | peak RSS MB |',
        '| --- | --- | --- | --- | --- |',
      ]
    : [];
  for (const row of rows) {
    const rss = (samples: Sample[]) =>
      samples.length === 0 ? '-' : Math.round(Math.max(...samples.map((s) => s.rssMb)));
    const memory = `${rss(row.ours)} / ${rss(row.theirs)}`;
    const [mine, other, ratio] = cells(row, (s) => s.itemsPerCpuSecond);
    lines.push(`| ${row.test.name} | ${mine} | ${other} | ${ratio} | ${memory} |`);
    if (row.test.output === 'clickhouse') {
      const [a, b, c] = cells(row, (s) => s.itemsPerCpuSecondAll);
      lines.push(`| the same, gateway and engine together | ${a} | ${b} | ${c} | |`);
    }
  }
  return lines.join('\n');
}
