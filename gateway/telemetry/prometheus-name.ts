import type { ReadingKind } from './reading.ts';

/** UCUM units as words of Prometheus names (OpenTelemetry, "Prometheus and OpenMetrics"). */
const words: Readonly<Record<string, string>> = {
  d: 'days',
  h: 'hours',
  min: 'minutes',
  s: 'seconds',
  ms: 'milliseconds',
  us: 'microseconds',
  ns: 'nanoseconds',
  By: 'bytes',
  KiBy: 'kibibytes',
  MiBy: 'mebibytes',
  GiBy: 'gibibytes',
  '%': 'percent',
  '1': '',
};

/** The name of a metric with its unit and, for a counter, `_total`, unless they are there. */
export function nameWithSuffixes(name: string, kind: ReadingKind, unit: string): string {
  const ending = kind === 'counter' ? 'total' : kind === 'gauge' && unit === '1' ? 'ratio' : '';
  const end = `_${ending}`;
  let full = ending !== '' && name.endsWith(end) ? name.slice(0, -end.length) : name;
  const word = words[unit] ?? (unit.includes('{') ? '' : unit);
  if (word !== '' && !full.endsWith(word)) full += `_${word}`;
  return ending === '' ? full : full + end;
}

/** How names that are no plain Prometheus names are written. */
export type Escaping = 'underscores' | 'allow-utf-8' | 'dots' | 'values';

const plain = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/;

/**
 * A name of a metric or a label in the text format: as it is where it is a plain one; otherwise
 * with underscores for what does not belong there, or (`allow-utf-8`) in quotes.
 */
export function written(name: string, escaping: Escaping): string {
  if (plain.test(name)) return name;
  if (escaping === 'allow-utf-8') return JSON.stringify(name);
  if (escaping === 'dots') return withDots(name);
  if (escaping === 'values') return withValues(name);
  return name.replaceAll(/[^a-zA-Z0-9_:]/gu, '_').replace(/^(?=\d)/, '_');
}

/** `_` doubled, `.` as `_dot_`. */
function withDots(name: string): string {
  return name
    .replaceAll('_', '__')
    .replaceAll('.', '_dot_')
    .replaceAll(/[^a-zA-Z0-9_:]/gu, '__')
    .replace(/^(?=\d)/, '__');
}

/** `U__`, and each character that does not belong in a name as its code. */
function withValues(name: string): string {
  const code = (c: string) => `_${c.codePointAt(0)!.toString(16)}_`;
  return `U__${name.replaceAll('_', '__').replaceAll(/[^a-zA-Z0-9_:]/gu, code)}`;
}
