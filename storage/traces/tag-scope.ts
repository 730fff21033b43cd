import { RecentAnswers } from '../recent-answers.ts';
import type { TagScope } from './tag-reader.ts';

const second = 1_000_000_000n;

/**
 * Names a scope for a cache: both ends are rounded down to a power of two of seconds, a sixteenth
 * to a thirty-second of the range, so that the same range some seconds later is the same scope.
 */
export function scopeKey({ services, startNs, endNs }: TagScope): string {
  let step = 8n * second;
  while (step * 32n <= endNs - startNs) step *= 2n;
  return JSON.stringify([services, String(step), String(startNs / step), String(endNs / step)]);
}

const maxAgeMs = 15_000;
const maxEntries = 300;

/**
 * Answers that are shared for some seconds.
 * @param now milliseconds since 1970
 */
export function tagAnswers(now: () => number): RecentAnswers {
  return new RecentAnswers({ now, maxAgeMs, maxEntries });
}
