import type { TimeRange } from '../../storage/metrics/model.ts';
import { ApiError } from './error.ts';

/** The times that Prometheus shows as its first and last. */
const first = '-292273086-05-16T16:47:06Z';
const last = '292277025-08-18T07:12:54.999999999Z';
const endOfTimes = 2 ** 63;

const number = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;
const rfc3339 = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)$/;

/** @returns milliseconds since 1970, undefined when it is no time */
function parseTime(text: string): number | undefined {
  if (number.test(text)) return Math.round(Number(text) * 1000);
  const ms = rfc3339.test(text) ? Date.parse(text) : Number.NaN;
  if (!Number.isNaN(ms)) return ms;
  if (text === first) return -endOfTimes;
  return text === last ? endOfTimes : undefined;
}

function invalid(name: string, why: string): never {
  throw new ApiError('bad_data', `invalid parameter ${JSON.stringify(name)}: ${why}`);
}

function timeParam(form: URLSearchParams, name: string, absent: number): number {
  const text = form.get(name) ?? '';
  if (text === '') return absent;
  const ms = parseTime(text);
  if (ms !== undefined) return ms;
  const shown = JSON.stringify(text);
  return invalid(
    name,
    `invalid time value for '${name}': cannot parse ${shown} to a valid timestamp`,
  );
}

/** `start` and `end`, all times where they are absent. @throws ApiError */
export function rangeParams(form: URLSearchParams): TimeRange {
  const startMs = timeParam(form, 'start', -endOfTimes);
  return { startMs, endMs: timeParam(form, 'end', endOfTimes) };
}

/** `limit`, 0 = none. @throws ApiError */
export function limitParam(form: URLSearchParams): number {
  const text = form.get('limit') ?? '';
  if (text === '') return 0;
  if (!/^[+-]?\d{1,15}$/.test(text)) {
    invalid('limit', `parsing ${JSON.stringify(text)}: invalid syntax`);
  }
  const limit = Number(text);
  return limit >= 0 ? limit : invalid('limit', 'limit must be non-negative');
}

/** A whole number of the metadata endpoint, -1 where it is absent. @throws ApiError */
export function numberParam(form: URLSearchParams, name: string): number {
  const text = form.get(name) ?? '';
  if (text === '') return -1;
  if (/^[+-]?\d{1,15}$/.test(text)) return Number(text);
  throw new ApiError('bad_data', `${name} must be a number`);
}

/**
 * A label name as it stands in a path; one that begins with `U__` is escaped by values.
 * @throws ApiError when it is not UTF-8 or empty
 */
export function labelParam(segment: string): string {
  let name: string;
  try {
    name = decodeURIComponent(segment);
  } catch {
    throw new ApiError('bad_data', `invalid label name: ${JSON.stringify(segment)}`);
  }
  if (name === '') throw new ApiError('bad_data', 'invalid label name: ""');
  return name.startsWith('U__') ? unescaped(name) : name;
}

/** `__` is `_`, `_e9_` the character with that number; a name with anything else is what it says. */
function unescaped(name: string): string {
  const rest = name.slice(3);
  if (!/^(?:[^_]|__|_[0-9a-fA-F]{1,6}_)*$/s.test(rest)) return name;
  let valid = true;
  const text = rest.replace(/__|_([0-9a-fA-F]{1,6})_/g, (_, hex: string | undefined) => {
    if (hex === undefined) return '_';
    const point = Number.parseInt(hex, 16);
    if (point > 0x10ffff || (point >= 0xd800 && point < 0xe000)) valid = false;
    return valid ? String.fromCodePoint(point) : '';
  });
  return valid && text !== '' ? text : name;
}
