/** A search as the address of the screen says it. */
import { parseDuration } from '../../parts/format.ts';
import { bounds, defaultRange, instant, rangeOf, type TimeRange } from '../../parts/time-range.ts';
import { type Filter, filterFault, formatFilter, parseFilter } from './filters.ts';

export interface Search {
  readonly services: readonly string[];
  readonly operation: string;
  readonly status: string;
  /** As typed: `100ms`. */
  readonly minDuration: string;
  readonly maxDuration: string;
  readonly filters: readonly Filter[];
  readonly limit: number;
  readonly range: TimeRange;
}

export const usualLimit = 50;
export const limits: readonly number[] = [20, 50, 100, 200, 500, 1000];

export const emptySearch: Search = {
  services: [],
  operation: '',
  status: '',
  minDuration: '',
  maxDuration: '',
  filters: [],
  limit: usualLimit,
  range: defaultRange,
};

/** What is no part of a search is left out. */
export function searchOf(params: URLSearchParams): Search {
  const text = (name: string) => params.get(name) ?? '';
  const status = text('status');
  const limit = Number(text('limit'));
  return {
    services: [...new Set(params.getAll('service'))].filter((name) => name !== ''),
    operation: text('operation'),
    status: ['error', 'ok', 'unset'].includes(status) ? status : '',
    minDuration: text('minDuration'),
    maxDuration: text('maxDuration'),
    filters: params.getAll('filter').flatMap((one) => parseFilter(one) ?? []),
    limit: Number.isInteger(limit) && limit > 0 ? limit : usualLimit,
    range: rangeOf(params),
  };
}

/** Parameters of the address; the same search has the same text. */
export function paramsOf(search: Search): URLSearchParams {
  const params = conditions(search);
  const { range, limit } = search;
  if (range.from !== defaultRange.from || range.to !== defaultRange.to) {
    params.set('from', range.from);
    params.set('to', range.to);
  }
  if (limit !== usualLimit) params.set('limit', String(limit));
  return params;
}

/** Parameters of the API. @param nowMs what `now` is */
export function apiParams(search: Search, nowMs: number): URLSearchParams {
  const params = conditions(search);
  for (const name of ['minDuration', 'maxDuration']) {
    const text = params.get(name);
    if (text !== null) params.set(name, withUnit(text));
  }
  const { start, end } = bounds(search.range, nowMs);
  params.set('start', start);
  params.set('end', end);
  // The program's own usual number may be smaller.
  if (search.limit !== usualLimit) params.set('limit', String(search.limit));
  return params;
}

function conditions(search: Search): URLSearchParams {
  const params = new URLSearchParams();
  for (const service of search.services) params.append('service', service);
  const set = (name: string, text: string) => {
    if (text.trim() !== '') params.set(name, text);
  };
  set('operation', search.operation);
  set('status', search.status);
  set('minDuration', search.minDuration.trim());
  set('maxDuration', search.maxDuration.trim());
  for (const filter of search.filters) {
    if (filter.key !== '') params.append('filter', formatFilter(filter));
  }
  return params;
}

/** The API wants a unit; whoever types a bare number means milliseconds. */
function withUnit(text: string): string {
  return /^\d+(\.\d+)?$/.test(text) ? `${text}ms` : text;
}

/** What is wrong with the two durations, undefined where nothing is. */
export function durationFaults(search: Search): {
  readonly min: string | undefined;
  readonly max: string | undefined;
} {
  const say = 'Such as 100ms, 1.5s, 2m.';
  const read = (text: string) => (text.trim() === '' ? undefined : (parseDuration(text) ?? null));
  const min = read(search.minDuration);
  const max = read(search.maxDuration);
  const crossed = typeof min === 'number' && typeof max === 'number' && min > max;
  return {
    min: min === null ? say : undefined,
    max: max === null ? say : crossed ? 'Shorter than the minimum.' : undefined,
  };
}

/** False for a search that the program would refuse for what is marked in the form. */
export function canSend(search: Search): boolean {
  const { min, max } = durationFaults(search);
  const wrong = search.filters.some((filter) => filterFault(filter) !== undefined);
  return min === undefined && max === undefined && !wrong;
}

/** True when the search asks for anything but a time range. */
export function hasConditions(search: Search): boolean {
  return conditions(search).size > 0;
}

/** Intervals of looking again. */
export const refreshes: readonly { readonly value: string; readonly label: string }[] = [
  { value: '', label: 'off' },
  { value: '5s', label: 'every 5 s' },
  { value: '30s', label: 'every 30 s' },
];

/** Milliseconds, 0 = never. */
export function refreshMs(text: string): number {
  return text === '5s' ? 5_000 : text === '30s' ? 30_000 : 0;
}

/** Three times as long around the same middle; not beyond now. Undefined for a range up to now. */
export function widened({ from, to }: TimeRange, nowMs: number): TimeRange | undefined {
  const [start, end] = [instant(from, nowMs), instant(to, nowMs)];
  if (to === 'now' || start === undefined || end === undefined) return undefined;
  const length = Math.max(1, end - start);
  const latest = Math.max(end, Math.min(end + length, nowMs));
  return { from: String(Math.max(0, Math.floor(start - length))), to: String(Math.ceil(latest)) };
}
