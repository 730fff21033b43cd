import type { MetricInfo } from '../../component/factory.ts';
import type { Meter } from '../../component/settings.ts';

const counters = {
  closed: ['otelcol_kafka_broker_closed', 'The total number of connections closed.', '1'],
  connects: ['otelcol_kafka_broker_connects', 'The total number of connections opened.', '1'],
  bytes: [
    'otelcol_kafka_exporter_bytes_uncompressed',
    'The uncompressed size in bytes of exported messages seen by the client.',
    'By',
  ],
  packed: [
    'otelcol_kafka_exporter_bytes',
    'The size in bytes of exported records; only where they are not compressed.',
    'By',
  ],
  messages: ['otelcol_kafka_exporter_messages', 'The number of exported messages.', '1'],
  records: ['otelcol_kafka_exporter_records', 'The number of exported records.', '1'],
} as const;

const histograms = {
  latency: [
    'otelcol_kafka_exporter_latency',
    'The time it took in ms to export a batch of messages.',
    'ms',
  ],
  writeLatency: [
    'otelcol_kafka_exporter_write_latency',
    'The time it took in seconds to export a batch of records.',
    's',
  ],
} as const;

const bounds = {
  ms: [0, 5, 10, 25, 50, 75, 100, 250, 500, 750, 1000, 2500, 5000, 7500, 10_000],
  s: [
    0, 0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10, 25, 50, 75, 100,
  ],
};

/** For the component's documentation. */
export const kafkaMetrics: readonly MetricInfo[] = [
  ...Object.values(counters).map(
    ([name, description, unit]): MetricInfo => ({ name, description, unit, kind: 'counter' }),
  ),
  ...Object.values(histograms).map(
    ([name, description, unit]): MetricInfo => ({ name, description, unit, kind: 'histogram' }),
  ),
];

/** The exporter's own metrics. */
export function kafkaTelemetry(meter: Meter) {
  const counter = ([name, description, unit]: readonly [string, string, string]) =>
    meter.counter(name, { description, unit });
  const histogram = ([name, description, unit]: readonly [string, string, 'ms' | 's']) =>
    meter.histogram(name, { description, unit }, bounds[unit]);
  return {
    closed: counter(counters.closed),
    connects: counter(counters.connects),
    bytes: counter(counters.bytes),
    packed: counter(counters.packed),
    messages: counter(counters.messages),
    records: counter(counters.records),
    latency: histogram(histograms.latency),
    writeLatency: histogram(histograms.writeLatency),
  };
}

/** Instruments that {@link kafkaMetrics} describes. */
export type KafkaTelemetry = ReturnType<typeof kafkaTelemetry>;
