/** A service's series as lines of charts. */
import type { RedSeriesFigures } from '../../../../query/web/contract/services.ts';
import type { Line } from '../../parts/time-chart.tsx';

/** Seconds since 1970 at which each step begins. */
export function stepTimes(startUnixNano: string, stepNs: number, steps: number): number[] {
  const start = Number(BigInt(startUnixNano) / 1_000_000n) / 1000;
  return Array.from({ length: steps }, (_, i) => start + (i * stepNs) / 1e9);
}

/** Requests and errors a second, and the time that 95 % of the requests did not exceed. */
export function redLines(
  { calls, errors, p95Ns }: RedSeriesFigures,
  stepNs: number,
): { readonly requests: readonly Line[]; readonly latency: readonly Line[] } {
  const perSecond = (value: number): number => value / (stepNs / 1e9);
  return {
    requests: [
      { label: 'all', colour: '--accent', values: calls.map(perSecond) },
      { label: 'failed', colour: '--error-bar', values: errors.map(perSecond) },
    ],
    latency: [{ label: 'p95', colour: '--warn-bar', values: p95Ns }],
  };
}
