import type { TraceQuery } from '../../../storage/traces/reader.ts';
import type { TagScope } from '../../../storage/traces/tag-reader.ts';
import { WebError } from '../route.ts';
import { parseFilter } from './filter-text.ts';

const maxFilters = 20;
const maxServices = 100;
const maxNameLength = 1_000;
/** Traces of a search that does not say how many. */
const usualLimit = 50;

const statusCodes: ReadonlyMap<string, number> = new Map([
  ['unset', 0],
  ['ok', 1],
  ['error', 2],
]);

/** @throws WebError that quotes what is wrong */
export function searchQuery(query: URLSearchParams, maxLimit: number): TraceQuery {
  const { startNs, endNs, services } = scopeOf(query);
  const operation = name(query, 'operation');
  const status = query.get('status') ?? '';
  const statusCode = statusCodes.get(status);
  if (status !== '' && statusCode === undefined) {
    throw bad('status', status, 'none of error, ok, unset');
  }
  const minDurationNs = duration(query, 'minDuration');
  const maxDurationNs = duration(query, 'maxDuration');
  if (minDurationNs !== undefined && maxDurationNs !== undefined && minDurationNs > maxDurationNs) {
    throw bad('maxDuration', query.get('maxDuration') ?? '', 'shorter than minDuration');
  }
  const filters = query.getAll('filter').filter((text) => text !== '');
  if (filters.length > maxFilters) {
    throw new WebError('bad_request', `there are ${filters.length} filters, at most ${maxFilters}`);
  }
  return {
    startMinNs: startNs,
    startMaxNs: endNs,
    services,
    filters: filters.map(parseFilter),
    limit: wholeNumber(query, 'limit', Math.min(usualLimit, maxLimit), maxLimit),
    ...(operation === '' ? {} : { operation }),
    ...(statusCode === undefined ? {} : { statusCode }),
    ...(minDurationNs === undefined ? {} : { minDurationNs }),
    ...(maxDurationNs === undefined ? {} : { maxDurationNs }),
  };
}

/** Services and time range. */
export function scopeOf(query: URLSearchParams): TagScope {
  const [startNs, endNs] = [nanoseconds(query, 'start'), nanoseconds(query, 'end')];
  if (endNs < startNs) throw bad('end', String(endNs), `before start ${startNs}`);
  const services = query.getAll('service').filter((text) => text !== '');
  if (services.length > maxServices) {
    const given = services.length;
    throw new WebError('bad_request', `there are ${given} services, at most ${maxServices}`);
  }
  const long = services.find((text) => text.length > maxNameLength);
  if (long !== undefined) throw bad('service', long, `longer than ${maxNameLength}`);
  return { services, startNs, endNs };
}

/** '' when it is not given. */
export function name(query: URLSearchParams, parameter: string): string {
  const text = query.get(parameter) ?? '';
  if (text.length > maxNameLength) throw bad(parameter, text, `longer than ${maxNameLength}`);
  return text;
}

export function wholeNumber(
  query: URLSearchParams,
  parameter: string,
  usual: number,
  most: number,
): number {
  const text = query.get(parameter) ?? '';
  if (text === '') return usual;
  const value = /^\d{1,6}$/.test(text) ? Number(text) : 0;
  if (value < 1 || value > most) throw bad(parameter, text, `not a number from 1 to ${most}`);
  return value;
}

function nanoseconds(query: URLSearchParams, parameter: string): bigint {
  const text = query.get(parameter);
  if (text === null) throw new WebError('bad_request', `parameter ${parameter} is missing`);
  if (!/^\d{1,19}$/.test(text)) {
    throw bad(parameter, text, 'not decimal nanoseconds since 1970');
  }
  return BigInt(text);
}

const unitNs: Readonly<Record<string, bigint>> = {
  ns: 1n,
  us: 1_000n,
  µs: 1_000n,
  μs: 1_000n,
  ms: 1_000_000n,
  s: 1_000_000_000n,
  m: 60_000_000_000n,
  min: 60_000_000_000n,
  h: 3_600_000_000_000n,
};

function duration(query: URLSearchParams, parameter: string): bigint | undefined {
  const text = query.get(parameter) ?? '';
  if (text === '') return undefined;
  const [, whole, fraction = '', unit = ''] =
    /^(\d{1,12})(?:\.(\d{1,9}))?\s*(ns|us|µs|μs|ms|s|m|min|h)$/.exec(text.trim()) ?? [];
  const size = unitNs[unit];
  if (whole === undefined || size === undefined) {
    throw bad(parameter, text, 'not a duration such as 100ms, 1.5s, 2m');
  }
  return BigInt(whole) * size + (BigInt(fraction.padEnd(9, '0')) * size) / 1_000_000_000n;
}

function bad(parameter: string, text: string, why: string): WebError {
  const given = JSON.stringify(text.length > 100 ? `${text.slice(0, 100)}…` : text);
  return new WebError('bad_request', `${parameter} is ${given}: ${why}`);
}
