import { z } from 'zod';

const unitNs: Readonly<Record<string, number>> = {
  ns: 1,
  us: 1e3,
  µs: 1e3, // U+00B5
  μs: 1e3, // U+03BC
  ms: 1e6,
  s: 1e9,
  m: 60e9,
  h: 3600e9,
};

const part = /(\d+\.?\d*|\.\d+)(ns|us|µs|μs|ms|s|m|h)/y;

/**
 * Reads a duration in Go's syntax: signed decimal numbers with units, e.g. `5s`, `1m30s`, `1.5h`,
 * `-10ms`; `0` needs no unit (https://pkg.go.dev/time#ParseDuration).
 * @returns milliseconds, or undefined when `text` is no duration
 */
export function parseDuration(text: string): number | undefined {
  const negative = text.startsWith('-');
  const body = negative || text.startsWith('+') ? text.slice(1) : text;
  if (body === '0') return 0;
  if (body === '' || body.length > 100) return undefined;
  let total = 0;
  part.lastIndex = 0;
  while (part.lastIndex < body.length) {
    const match = part.exec(body);
    if (match === null) return undefined;
    total += Number(match[1]) * unitNs[match[2]!]!;
  }
  if (total > 2 ** 63) return undefined;
  return (negative ? -total : total) / 1e6;
}

/** Milliseconds in Go's notation, e.g. 90000 -> `1m30s`. */
export function formatDuration(ms: number): string {
  if (ms === 0) return '0s';
  const sign = ms < 0 ? '-' : '';
  const abs = Math.abs(ms);
  const trim = (value: number) => String(Number(value.toFixed(9)));
  if (abs < 1e-3) return `${sign}${trim(abs * 1e6)}ns`;
  if (abs < 1) return `${sign}${trim(abs * 1e3)}µs`;
  if (abs < 1000) return `${sign}${trim(abs)}ms`;
  const hours = Math.floor(abs / 3_600_000);
  const minutes = Math.floor((abs % 3_600_000) / 60_000);
  const seconds = `${trim((abs % 60_000) / 1000)}s`;
  if (hours > 0) return `${sign}${hours}h${minutes}m${seconds}`;
  return minutes > 0 ? `${sign}${minutes}m${seconds}` : sign + seconds;
}

/** What a duration may be; both ends in milliseconds, inclusive. */
export interface DurationLimits {
  /** Default 0. */
  readonly min?: number;
  readonly max?: number;
}

/**
 * A duration: Go's syntax, or a number of nanoseconds as the Go collector takes it.
 * Decodes to milliseconds. Give a default with `.prefault('5s')`.
 */
export function duration(limits: DurationLimits = {}) {
  const { min = 0, max = Number.POSITIVE_INFINITY } = limits;
  const written = z.union([z.string(), z.number()]).meta({ written: 'duration' });
  return written.transform((value, ctx): number => {
    const ms = typeof value === 'string' ? parseDuration(value) : integerNs(value);
    if (ms === undefined) {
      const example = 'expected a duration such as "5s", "1m30s" or "200ms"';
      ctx.addIssue({ code: 'custom', message: `${example}, got ${JSON.stringify(value)}` });
      return z.NEVER;
    }
    if (ms < min || ms > max) {
      const bound = ms < min ? `at least ${formatDuration(min)}` : `at most ${formatDuration(max)}`;
      const message = `must be ${bound}, got ${JSON.stringify(value)}`;
      ctx.addIssue({ code: 'custom', message });
      return z.NEVER;
    }
    return ms;
  });
}

function integerNs(value: number): number | undefined {
  return Number.isFinite(value) ? Math.trunc(value) / 1e6 : undefined;
}
