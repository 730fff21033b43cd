/** Which part of many spans is looked at one by one. */
import type { StepWindow } from './window.ts';

/**
 * Slices of time first, as what lies in others need not be read at all; and of these, where a
 * window has too few, a part of the traces.
 */
export interface Sample {
  /** One slice in so many, a power of two. */
  readonly slices: number;
  /** One trace in so many, a power of two. */
  readonly traces: number;
}

/** No sample: all slices, all traces. */
export const everything: Sample = { slices: 1, traces: 1 };

/** Fewer slices would tell too little of the whole window. */
const leastSlices = 24;

/** Whole buckets, long enough for most relatives to be in the same or the next one; seconds. */
const sliceS = 10;

/** The same ones are taken in every statement. */
const slice = `intDiv(toUnixTimestamp(bucket), ${sliceS})`;

/** @param spans of the window. @param most that are looked at */
export function sampleOf(window: StepWindow, spans: number, most: number): Sample {
  const share = 2 ** Math.max(0, Math.ceil(Math.log2(spans / most)));
  const possible = (window.toS - window.fromS) / sliceS / leastSlices;
  const slices = Math.min(share, 2 ** Math.max(0, Math.floor(Math.log2(possible))));
  return { slices, traces: share / slices };
}

/** What every figure of a sample stands for. */
export function shareOf({ slices, traces }: Sample): number {
  return slices * traces;
}

/**
 * Spans of the sample; a condition on `spans`.
 * @param near slices before (-1) or after (1) one of the sample count, too: where the relatives of
 *   its spans are
 */
export function sampleCondition(
  { slices, traces }: Sample,
  near: readonly (-1 | 1)[] = [],
  key = 'cityHash64(trace_id)',
): string {
  const chosen = (index: string) => `cityHash64(${index}) % ${slices} = 0`;
  const places = [slice, ...near.map((side) => `${slice} ${side === -1 ? '+' : '-'} 1`)];
  const conditions = [
    slices === 1 ? '' : `(${places.map(chosen).join(' OR ')})`,
    traces === 1 ? '' : `${key} % ${traces} = 0`,
  ].filter((condition) => condition !== '');
  return conditions.length === 0 ? '1' : conditions.join(' AND ');
}
