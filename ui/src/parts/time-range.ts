/** A stretch of time as the address says it: `from` and `to`. */

export interface TimeRange {
  /** `now-1h`, `now`, or decimal milliseconds since 1970. */
  readonly from: string;
  readonly to: string;
}

export const defaultRange: TimeRange = { from: 'now-1h', to: 'now' };

/** Ranges that end now, as they are offered. */
export const presets: readonly { readonly from: string; readonly label: string }[] = [
  { from: 'now-5m', label: 'Last 5 minutes' },
  { from: 'now-15m', label: 'Last 15 minutes' },
  { from: 'now-1h', label: 'Last hour' },
  { from: 'now-6h', label: 'Last 6 hours' },
  { from: 'now-1d', label: 'Last day' },
  { from: 'now-7d', label: 'Last 7 days' },
  { from: 'now-30d', label: 'Last 30 days' },
];

const unitMs: Readonly<Record<string, number>> = {
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

/** Milliseconds since 1970 of one end. @returns undefined when it is none */
export function instant(text: string, nowMs: number): number | undefined {
  if (text === 'now') return nowMs;
  const back = /^now-(\d{1,6})([smhd])$/.exec(text);
  if (back !== null) return nowMs - Number(back[1]) * unitMs[back[2]!]!;
  return /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}

/** The range of an address; what is missing or no range is the default. */
export function rangeOf(params: URLSearchParams): TimeRange {
  const from = params.get('from') ?? defaultRange.from;
  const to = params.get('to') ?? defaultRange.to;
  const start = instant(from, 1e15);
  const end = instant(to, 1e15);
  return start === undefined || end === undefined || start >= end ? defaultRange : { from, to };
}

/** Both ends as the API takes them: decimal nanoseconds since 1970. */
export function bounds(range: TimeRange, nowMs: number): { start: string; end: string } {
  const ms = (text: string) => Math.max(0, Math.round(instant(text, nowMs) ?? nowMs));
  const ns = (text: string) => `${ms(text)}000000`;
  return { start: ns(range.from), end: ns(range.to) };
}

/** How the range is called: `Last hour`, or both ends in local time. */
export function rangeLabel(range: TimeRange): string {
  const preset = range.to === 'now' ? presets.find(({ from }) => from === range.from) : undefined;
  if (preset !== undefined) return preset.label;
  return `${endLabel(range.from)} to ${endLabel(range.to)}`;
}

function endLabel(text: string): string {
  if (text.startsWith('now')) return text;
  return new Date(Number(text)).toLocaleString();
}
