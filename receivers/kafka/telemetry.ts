import type { MetricInfo } from '../../component/factory.ts';
import type { Meter } from '../../component/settings.ts';
import type { Signal } from '../../component/signals.ts';

const counters = {
  closed: ['otelcol_kafka_broker_closed', 'The total number of connections closed.'],
  connects: ['otelcol_kafka_broker_connects', 'The total number of connections opened.'],
  messages: ['otelcol_kafka_receiver_messages', 'The number of received messages.'],
  records: ['otelcol_kafka_receiver_records', 'The number of received records.'],
  partitionClose: ['otelcol_kafka_receiver_partition_close', 'Number of finished partitions'],
  partitionStart: ['otelcol_kafka_receiver_partition_start', 'Number of started partitions'],
} as const;

const failures: Readonly<Record<Signal, readonly [string, string]>> = {
  logs: [
    'otelcol_kafka_receiver_unmarshal_failed_log_records',
    'Number of log records failed to be unmarshaled',
  ],
  metrics: [
    'otelcol_kafka_receiver_unmarshal_failed_metric_points',
    'Number of metric points failed to be unmarshaled',
  ],
  profiles: [
    'otelcol_kafka_receiver_unmarshal_failed_profiles',
    'Number of profiles failed to be unmarshaled',
  ],
  traces: [
    'otelcol_kafka_receiver_unmarshal_failed_spans',
    'Number of spans failed to be unmarshaled',
  ],
};

const bytes = [
  'otelcol_kafka_receiver_bytes_uncompressed',
  'The uncompressed size in bytes of received records seen by the client.',
] as const;

const gauges = {
  offset: ['otelcol_kafka_receiver_current_offset', 'Current message offset'],
  lag: ['otelcol_kafka_receiver_offset_lag', 'Current offset lag'],
} as const;

const latency = [
  'otelcol_kafka_receiver_latency',
  'The time in ms that a question for records took.',
] as const;

const readLatency = [
  'otelcol_kafka_receiver_read_latency',
  'The time in seconds that a question for records took.',
] as const;

const msBounds = [0, 5, 10, 25, 50, 75, 100, 250, 500, 750, 1000, 2500, 5000, 7500, 10_000];

const secondBounds = [
  0, 0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10, 25, 50, 75, 100,
];

const packed = [
  'otelcol_kafka_receiver_bytes',
  'The size in bytes of received records; only where they are not compressed.',
] as const;

const delay = [
  'otelcol_kafka_receiver_records_delay',
  'The time in seconds between producing and receiving a batch of records.',
] as const;

const delayBounds = [
  0, 0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10, 25, 50, 75, 100,
  250, 500, 750, 1000, 2500, 5000, 7500, 10_000,
];

const info = (
  [name, description]: readonly [string, string],
  unit: string,
  kind: MetricInfo['kind'],
): MetricInfo => ({ name, description, unit, kind });

/** For the component's documentation. */
export const kafkaMetrics: readonly MetricInfo[] = [
  ...Object.values(counters).map((one) => info(one, '1', 'counter')),
  ...Object.values(failures).map((one) => info(one, '1', 'counter')),
  info(bytes, 'By', 'counter'),
  ...Object.values(gauges).map((one) => info(one, '1', 'gauge')),
  info(delay, 's', 'histogram'),
  info(latency, 'ms', 'histogram'),
  info(readLatency, 's', 'histogram'),
  info(packed, 'By', 'counter'),
];

/** The receiver's own metrics for a signal. */
export function kafkaTelemetry(meter: Meter, signal: Signal) {
  const counter = ([name, description]: readonly [string, string], unit = '1') =>
    meter.counter(name, { description, unit });
  const histogram = (
    [name, description]: readonly [string, string],
    unit: string,
    bounds: readonly number[],
  ) => meter.histogram(name, { description, unit }, bounds);
  const gauge =
    ([name, description]: readonly [string, string]) =>
    (read: () => number, attributes: Readonly<Record<string, string>>) =>
      meter.gauge(name, { description, unit: '1' }, read, attributes);
  return {
    closed: counter(counters.closed),
    connects: counter(counters.connects),
    messages: counter(counters.messages),
    records: counter(counters.records),
    partitionClose: counter(counters.partitionClose),
    partitionStart: counter(counters.partitionStart),
    unreadable: counter(failures[signal]),
    bytes: counter(bytes, 'By'),
    packed: counter(packed, 'By'),
    latency: histogram(latency, 'ms', msBounds),
    readLatency: histogram(readLatency, 's', secondBounds),
    offset: gauge(gauges.offset),
    lag: gauge(gauges.lag),
    delay: () => meter.histogram(delay[0], { description: delay[1], unit: 's' }, delayBounds),
  };
}

/** Instruments; gauges and the histogram of delays are made when they are first wanted. */
export type KafkaTelemetry = ReturnType<typeof kafkaTelemetry>;
