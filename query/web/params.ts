/** How parameters of requests are read, and in what words they are refused. */
import { WebError } from './route.ts';

/** Characters of a name: of a service, an operation, an attribute, a node. */
const mostName = 1_000;
/** Characters of a text that a refusal quotes. */
const mostQuoted = 100;

/** @param wanted what it must be */
export function fault(what: string, value: unknown, wanted: string): WebError {
  return new WebError('bad_request', `${what} is ${shown(value)}: it must be ${wanted}`);
}

/** Lists and objects by their kind: they may be as large and as deep as a body. */
export function shown(value: unknown): string {
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (typeof value === 'object' && value !== null) return 'an object';
  const cut = typeof value === 'string' && value.length > mostQuoted;
  return JSON.stringify(cut ? `${value.slice(0, mostQuoted)}…` : value) ?? 'nothing';
}

/** '' where nothing is given. @throws WebError where it is too long for a name */
export function nameOf(query: URLSearchParams, name: string): string {
  const text = query.get(name) ?? '';
  checkName(name, text);
  return text;
}

/** @throws WebError where nothing is given, or it is too long for a name */
export function neededName(query: URLSearchParams, name: string): string {
  const text = nameOf(query, name);
  if (text === '') throw missing(name);
  return text;
}

/** All that are given, without empty ones. @throws WebError where one is too long for a name */
export function namesOf(query: URLSearchParams, name: string): string[] {
  const texts = query.getAll(name).filter((text) => text !== '');
  for (const text of texts) checkName(name, text);
  return texts;
}

function checkName(name: string, text: string): void {
  if (text.length > mostName) throw fault(name, text, `at most ${mostName} characters`);
}

/** @returns what says that a parameter is needed */
export function missing(name: string): WebError {
  return new WebError('bad_request', `parameter ${name} is missing`);
}

/** A whole number from `least` to `most`, of at most 15 digits; `usual` where nothing is given. */
export interface Bounds {
  readonly least: number;
  readonly most: number;
  readonly usual: number;
}

/** @throws WebError */
export function wholeNumber(query: URLSearchParams, name: string, bounds: Bounds): number {
  const { least, most, usual } = bounds;
  const text = query.get(name) ?? '';
  if (text === '') return usual;
  const value = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
  if (value >= least && value <= most) return value;
  throw fault(name, text, `a whole number from ${least} to ${most}`);
}

/** Nanoseconds since 1970 that are needed. @throws WebError */
export function nanoseconds(query: URLSearchParams, name: string): bigint {
  const text = query.get(name) ?? '';
  if (text === '') throw missing(name);
  if (/^\d{1,19}$/.test(text)) return BigInt(text);
  throw fault(name, text, 'decimal nanoseconds since 1970');
}

/** `1` or `true`; `0`, `false` or nothing. @throws WebError */
export function flagOf(query: URLSearchParams, name: string): boolean {
  const text = query.get(name) ?? '';
  if (text === '' || text === '0' || text === 'false') return false;
  if (text === '1' || text === 'true') return true;
  throw fault(name, text, '0, 1, false or true');
}
