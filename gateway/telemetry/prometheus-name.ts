import type { InstrumentOptions } from '../../component/settings.ts';

/** What is added to the names of metrics. */
export interface Naming {
  /** The unit: `_seconds`, `_bytes`. */
  readonly units: boolean;
  /** `_total` of counters. */
  readonly suffixes: boolean;
}

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
};

/** The name of a metric with what `naming` adds; a unit that is in the name is not added again. */
export function prometheusName(
  name: string,
  type: string,
  { unit }: InstrumentOptions,
  { units, suffixes }: Naming,
): string {
  const counts = type === 'counter';
  let full = counts && suffixes ? name.replace(/_total$/, '') : name;
  const word = words[unit] ?? (unit === '1' && type === 'gauge' ? 'ratio' : '');
  if (units && word !== '' && !full.endsWith(`_${word}`)) full += `_${word}`;
  return counts && suffixes ? `${full}_total` : full;
}
