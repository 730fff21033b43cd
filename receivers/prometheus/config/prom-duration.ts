import { z } from 'zod';

const units: readonly (readonly [unit: string, ms: number])[] = [
  ['y', 365 * 86_400_000],
  ['w', 7 * 86_400_000],
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1000],
  ['ms', 1],
];

const part = /([0-9]+)(ms|[ywdhms])/y;

/**
 * Reads a duration as Prometheus writes them: whole numbers with units, the greatest first, e.g.
 * `1h30m`; `0` needs no unit.
 * @returns milliseconds, undefined for no duration
 */
export function parsePromDuration(text: string): number | undefined {
  if (text === '0') return 0;
  if (text === '' || text.length > 100) return undefined;
  let total = 0;
  let last = -1;
  part.lastIndex = 0;
  while (part.lastIndex < text.length) {
    const match = part.exec(text);
    if (match === null) return undefined;
    const rank = units.findIndex(([unit]) => unit === match[2]);
    if (rank <= last) return undefined;
    last = rank;
    total += Number(match[1]) * units[rank]![1];
  }
  return total < 2 ** 63 / 1e6 ? total : undefined;
}

/** Milliseconds as Prometheus writes them, e.g. 90000 -> `1m30s`; weeks and years only when whole. */
export function formatPromDuration(ms: number): string {
  if (ms === 0) return '0s';
  let left = ms;
  let text = '';
  for (const [unit, size] of units) {
    const whole = unit === 'y' || unit === 'w' || unit === 'd';
    if (whole && left % size !== 0) continue;
    const count = Math.floor(left / size);
    if (count > 0) text += `${count}${unit}`;
    left -= count * size;
  }
  return text;
}

/** A duration in Prometheus' notation; decodes to milliseconds. */
export function promDuration() {
  return z.string().transform((text, ctx): number => {
    const ms = parsePromDuration(text);
    if (ms !== undefined) return ms;
    const message = `not a valid duration string: ${JSON.stringify(text)}`;
    ctx.addIssue({ code: 'custom', message });
    return z.NEVER;
  });
}
