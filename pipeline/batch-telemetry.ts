import type { MetricInfo } from '../component/factory.ts';
import type { Attributes, Settings } from '../component/settings.ts';

/** Why a batch was sent. */
export type Trigger = 'size' | 'timeout';

const sizeBounds = [
  10, 25, 50, 75, 100, 250, 500, 750, 1000, 2000, 3000, 4000, 5000, 6000, 7000, 8000, 9000, 10_000,
  20_000, 30_000, 50_000, 100_000,
];
const byteBounds = [
  10, 25, 50, 75, 100, 250, 500, 750, 1000, 2000, 3000, 4000, 5000, 6000, 7000, 8000, 9000, 10_000,
  20_000, 30_000, 50_000, 100_000, 200_000, 300_000, 400_000, 500_000, 600_000, 700_000, 800_000,
  900_000, 1_000_000, 2_000_000, 3_000_000, 4_000_000, 5_000_000, 6_000_000, 7_000_000, 8_000_000,
  9_000_000,
];

const prefix = 'otelcol_processor_batch_';

const info = {
  size: {
    name: `${prefix}batch_send_size`,
    description: 'Number of units in the batch',
    level: 'normal',
    unit: '{unit}',
    kind: 'histogram',
  },
  bytes: {
    name: `${prefix}batch_send_size_bytes`,
    description: 'Number of bytes in batch that was sent',
    level: 'detailed',
    unit: 'By',
    kind: 'histogram',
  },
  bySize: {
    name: `${prefix}batch_size_trigger_send`,
    description: 'Number of times the batch was sent due to a size trigger',
    level: 'normal',
    unit: '{time}',
    kind: 'counter',
  },
  byTimeout: {
    name: `${prefix}timeout_trigger_send`,
    description: 'Number of times the batch was sent due to a timeout trigger',
    level: 'normal',
    unit: '{time}',
    kind: 'counter',
  },
  cardinality: {
    name: `${prefix}metadata_cardinality`,
    description: 'Number of distinct metadata value combinations being processed',
    level: 'normal',
    unit: '{combination}',
    kind: 'gauge',
    upDown: true,
  },
} as const satisfies Record<string, MetricInfo>;

export const metrics: readonly MetricInfo[] = Object.values(info);

/** What the processor reports of its batches, with the Go collector's names. */
export interface BatchTelemetry {
  sent(items: number, bytes: number, trigger: Trigger): void;
  /** Unregisters what was registered. */
  close(): void;
}

/** @param shards how many combinations of metadata there are now */
export function batchTelemetry(
  { meter, id }: Pick<Settings, 'meter' | 'id'>,
  shards: () => number,
): BatchTelemetry {
  const attributes: Attributes = { processor: id };
  const size = meter.histogram(info.size.name, info.size, sizeBounds);
  const bytes = meter.histogram(info.bytes.name, info.bytes, byteBounds);
  const bySize = meter.counter(info.bySize.name, info.bySize);
  const byTimeout = meter.counter(info.byTimeout.name, info.byTimeout);
  const unregister = meter.gauge(info.cardinality.name, info.cardinality, shards, attributes);
  return {
    sent(items, byteLength, trigger) {
      size.record(items, attributes);
      bytes.record(byteLength, attributes);
      (trigger === 'size' ? bySize : byTimeout).add(1, attributes);
    },
    close: unregister,
  };
}
