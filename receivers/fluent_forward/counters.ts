import type { MetricInfo } from '../../component/factory.ts';
import type { Meter } from '../../component/settings.ts';

const texts = {
  opened: [
    'otelcol_fluent_opened_connections',
    'Number of connections opened to the fluentforward receiver',
  ],
  closed: [
    'otelcol_fluent_closed_connections',
    'Number of connections closed to the fluentforward receiver',
  ],
  parsed: ['otelcol_fluent_events_parsed', 'Number of Fluent events parsed successfully'],
  failures: [
    'otelcol_fluent_parse_failures',
    'Number of times Fluent messages failed to be decoded',
  ],
  records: [
    'otelcol_fluent_records_generated',
    'Number of log records generated from Fluent forward input',
  ],
} as const;

/** For the component's documentation. */
export const fluentMetrics: readonly MetricInfo[] = Object.values(texts).map(
  ([name, description]) => ({ name, description, unit: '1', kind: 'counter' }),
);

/** The receiver's own counters. */
export function fluentCounters(meter: Meter) {
  const counter = ([name, description]: readonly [string, string]) =>
    meter.counter(name, { description, unit: '1' });
  return {
    opened: counter(texts.opened),
    closed: counter(texts.closed),
    parsed: counter(texts.parsed),
    failures: counter(texts.failures),
    records: counter(texts.records),
  };
}
