import type { TraceQuery } from '../../../storage/traces/reader.ts';
import type { TagScope } from '../../../storage/traces/tag-reader.ts';
import { fault, nameOf, namesOf, nanoseconds, wholeNumber } from '../params.ts';
import { WebError } from '../route.ts';
import { parseFilter } from './filter-text.ts';

const maxFilters = 20;
const maxServices = 100;
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
  const operation = nameOf(query, 'operation');
  const status = query.get('status') ?? '';
  const statusCode = statusCodes.get(status);
  if (status !== '' && statusCode === undefined) {
    throw fault('status', status, 'error, ok or unset');
  }
  const minDurationNs = duration(query, 'minDuration');
  const maxDurationNs = duration(query, 'maxDuration');
  if (minDurationNs !== undefined && maxDurationNs !== undefined && minDurationNs > maxDurationNs) {
    throw fault('maxDuration', query.get('maxDuration'), 'at least minDuration');
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
    limit: wholeNumber(query, 'limit', {
      least: 1,
      most: maxLimit,
      usual: Math.min(usualLimit, maxLimit),
    }),
    ...(operation === '' ? {} : { operation }),
    ...(statusCode === undefined ? {} : { statusCode }),
    ...(minDurationNs === undefined ? {} : { minDurationNs }),
    ...(maxDurationNs === undefined ? {} : { maxDurationNs }),
  };
}

/** Services and time range. */
export function scopeOf(query: URLSearchParams): TagScope {
  const [startNs, endNs] = [nanoseconds(query, 'start'), nanoseconds(query, 'end')];
  if (endNs < startNs) throw fault('end', String(endNs), `at least start, ${startNs}`);
  const services = namesOf(query, 'service');
  if (services.length > maxServices) {
    const given = services.length;
    throw new WebError('bad_request', `there are ${given} services, at most ${maxServices}`);
  }
  return { services, startNs, endNs };
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
    throw fault(parameter, text, 'a duration such as 100ms, 1.5s, 2m');
  }
  return BigInt(whole) * size + (BigInt(fraction.padEnd(9, '0')) * size) / 1_000_000_000n;
}
