/** Where the traces of a search lie in a chart of start and duration. */
import type { FoundTrace, FoundTracesAnswer } from '../../../../query/web/contract/traces.ts';

/** One trace in the chart. */
export interface Dot {
  readonly trace: FoundTrace;
  /** Milliseconds since 1970, with fractions. */
  readonly atMs: number;
  /** Nanoseconds, at least 1. */
  readonly durationNs: number;
}

/** Both axes: time is linear, duration logarithmic in whole decades. */
export interface Scale {
  readonly fromMs: number;
  readonly toMs: number;
  /** Powers of ten of nanoseconds. */
  readonly lowest: number;
  readonly highest: number;
}

export interface Box {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

/** Powers of ten, one apart at least, between which all of the durations lie. */
export function decadesOf(durationsNs: readonly number[]): Pick<Scale, 'lowest' | 'highest'> {
  const logs = durationsNs.map((ns) => Math.log10(Math.max(1, ns)));
  if (logs.length === 0) return { lowest: 3, highest: 9 };
  const lowest = Math.floor(Math.min(...logs));
  return { lowest, highest: Math.max(lowest + 1, Math.ceil(Math.max(...logs))) };
}

/** `100 µs`, `1 s`, `1000 s`: a power of ten of nanoseconds. */
export function decadeLabel(power: number): string {
  const unit = Math.min(3, Math.floor(power / 3));
  return `${10 ** (power - unit * 3)} ${['ns', 'µs', 'ms', 's'][unit]}`;
}

/** 0 to 1, by the logarithm. */
export function partOf({ lowest, highest }: Pick<Scale, 'lowest' | 'highest'>, ns: number): number {
  return (Math.log10(Math.max(1, ns)) - lowest) / (highest - lowest);
}

export function dotsOf(traces: readonly FoundTrace[]): readonly Dot[] {
  return traces.map((trace) => ({
    trace,
    atMs: preciseMs(trace.startUnixNano),
    durationNs: Math.max(1, trace.durationNs),
  }));
}

function preciseMs(ns: string): number {
  const value = BigInt(ns);
  return Number(value / 1_000_000n) + Number(value % 1_000_000n) / 1e6;
}

/** Traces that lie within so small a part of what was searched are shown without the rest. */
const crowded = 0.1;

/**
 * What was searched. Where more were found than are shown, only the stretch that those cover, as
 * nothing is known of what is before it; and that, too, where they would stand in one heap.
 */
export function scaleOf(answer: FoundTracesAnswer, dots: readonly Dot[]): Scale {
  const decades = decadesOf(dots.map(({ durationNs }) => durationNs));
  const from = preciseMs(answer.searchedFromUnixNano ?? answer.startUnixNano);
  const to = Math.max(preciseMs(answer.endUnixNano), from + 1);
  if (dots.length === 0) return { fromMs: from, toMs: to, ...decades };
  const starts = dots.map(({ atMs }) => atMs);
  const oldest = Math.min(...starts);
  const newest = Math.max(...starts);
  const covered = newest - oldest;
  const room = Math.max(covered * 0.03, 1);
  if (covered > 0 && covered < (to - from) * crowded) {
    return { fromMs: oldest - room, toMs: newest + room, ...decades };
  }
  const fromMs = answer.cut === 'limit' ? oldest - room : Math.min(from, oldest);
  return { fromMs, toMs: Math.max(to, newest), ...decades };
}

export function xOf(scale: Scale, box: Box, atMs: number): number {
  return box.left + ((atMs - scale.fromMs) / (scale.toMs - scale.fromMs)) * box.width;
}

export function timeAt(scale: Scale, box: Box, x: number): number {
  const part = Math.min(1, Math.max(0, (x - box.left) / box.width));
  return scale.fromMs + part * (scale.toMs - scale.fromMs);
}

export function yOf(scale: Scale, box: Box, durationNs: number): number {
  return box.top + (1 - partOf(scale, durationNs)) * box.height;
}

/** Pixels; area grows with the logarithm of the spans. */
export function radiusOf(spans: number): number {
  return 2.5 + Math.sqrt(Math.log2(Math.max(1, spans))) * 1.6;
}

/** The dot under a place, the smallest where several are; undefined where none is. */
export function dotAt(
  dots: readonly Dot[],
  scale: Scale,
  box: Box,
  { x, y }: { readonly x: number; readonly y: number },
): Dot | undefined {
  let best: Dot | undefined;
  let bestDistance = Number.POSITIVE_INFINITY;
  for (const dot of dots) {
    const distance = Math.hypot(xOf(scale, box, dot.atMs) - x, yOf(scale, box, dot.durationNs) - y);
    const reach = radiusOf(dot.trace.spans) + 4;
    if (distance <= reach && distance < bestDistance) {
      best = dot;
      bestDistance = distance;
    }
  }
  return best;
}

const second = 1_000;
const minute = 60 * second;
const hour = 60 * minute;
const day = 24 * hour;
const steps = [
  1,
  2,
  5,
  10,
  20,
  50,
  100,
  200,
  500,
  second,
  2 * second,
  5 * second,
  10 * second,
  15 * second,
  30 * second,
  minute,
  2 * minute,
  5 * minute,
  10 * minute,
  15 * minute,
  30 * minute,
  hour,
  2 * hour,
  3 * hour,
  6 * hour,
  12 * hour,
  day,
  2 * day,
  7 * day,
  14 * day,
  30 * day,
];

export interface Tick {
  readonly atMs: number;
  readonly label: string;
}

/** Marks of the time axis at round local times, `most` at most. */
export function timeTicks(scale: Scale, most: number, locale?: string): Tick[] {
  const length = scale.toMs - scale.fromMs;
  const step = steps.find((one) => length / one <= most) ?? 30 * day;
  // Local midnight is where days begin, so ticks are counted from there.
  const offset = new Date(scale.fromMs).getTimezoneOffset() * minute;
  const ticks: Tick[] = [];
  for (let at = Math.ceil((scale.fromMs - offset) / step) * step; ; at += step) {
    const atMs = at + offset;
    if (atMs > scale.toMs) return ticks;
    ticks.push({ atMs, label: tickLabel(atMs, step, locale) });
  }
}

function tickLabel(atMs: number, step: number, locale: string | undefined): string {
  const date = new Date(atMs);
  const midnight = step >= hour && date.getHours() === 0 && date.getMinutes() === 0;
  if (midnight || step >= day)
    return date.toLocaleDateString(locale, { month: 'short', day: 'numeric' });
  const time: Intl.DateTimeFormatOptions = {
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
  };
  if (step < minute) time.second = '2-digit';
  if (step < second) time.fractionalSecondDigits = 3;
  return date.toLocaleTimeString(locale, time);
}
