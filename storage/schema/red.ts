import { durationBand } from './spans.ts';
import { tableName } from './table.ts';

/**
 * Requests, errors and durations per minute of span start in [fromS, toS), out of projection `red`:
 * columns minute, service, name, kind, status_code, band, calls, duration_sum. Durations of a band
 * lie in [2^(band/2), 2^((band+1)/2)) ns. Sum over what is not wanted in a statement around it: the
 * projection is used for this text only.
 * @param fromS seconds since 1970, a full minute
 * @param toS seconds since 1970, a full minute
 */
export function redStatement(
  options: { readonly database: string },
  fromS: number,
  toS: number,
): string {
  return `SELECT toStartOfMinute(time) AS minute, service, name, kind, status_code,
    ${durationBand} AS band, count() AS calls, sum(duration) AS duration_sum
  FROM ${tableName(options, 'spans')}
  WHERE minute >= toDateTime(${fromS}, 'UTC') AND minute < toDateTime(${toS}, 'UTC')
  GROUP BY minute, service, name, kind, status_code, band`;
}

/**
 * The same without names: columns minute, service, kind, status_code, band, calls. A subset of its
 * columns can be asked of the projection, too, and costs less than half.
 */
export function redOfServicesStatement(
  options: { readonly database: string },
  fromS: number,
  toS: number,
): string {
  return `SELECT toStartOfMinute(time) AS minute, service, kind, status_code,
    ${durationBand} AS band, count() AS calls
  FROM ${tableName(options, 'spans')}
  WHERE minute >= toDateTime(${fromS}, 'UTC') AND minute < toDateTime(${toS}, 'UTC')
  GROUP BY minute, service, kind, status_code, band`;
}
