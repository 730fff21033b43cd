import type { MetricInfo } from '../../component/factory.ts';
import type { Settings } from '../../component/settings.ts';
import { DataKind } from '../../pdata/readers.ts';

const reasons = ['reset', 'initial', 'bucket_mismatch', 'no_recorded_value', 'no_memory'] as const;

/** Why a point is left out. */
export type Reason = (typeof reasons)[number];

const info = {
  converted: {
    name: 'otelcol_cumulativetodelta_datapoints',
    description: 'Number of datapoints converted from cumulative to delta temporality.',
    unit: '{datapoint}',
    kind: 'counter',
  },
  dropped: {
    name: 'otelcol_cumulativetodelta_datapoints_dropped',
    description: 'Number of datapoints dropped instead of being converted.',
    unit: '{datapoint}',
    kind: 'counter',
  },
  streams: {
    name: 'otelcol_cumulativetodelta_streams_tracked',
    description:
      'Number of metric streams currently tracked in memory for cumulative-to-delta conversion.',
    unit: '{stream}',
    kind: 'gauge',
    upDown: true,
  },
} as const satisfies Record<string, MetricInfo>;

export const metrics: readonly MetricInfo[] = Object.values(info);

const typeNames = new Map([
  [DataKind.sum, 'sum'],
  [DataKind.histogram, 'histogram'],
  [DataKind.exponentialHistogram, 'exponential_histogram'],
]);

/** Counters of one kind of data: converted points, then dropped ones by reason. */
const width = reasons.length + 1;

/** Counts what becomes of points; told to the meter once a batch. */
export class Telemetry {
  readonly #settings: Settings;
  readonly #counts = new Float64Array(width * 16);
  #left: [Reason, number][] = [];
  #unregister: (() => void) | undefined;

  constructor(settings: Settings) {
    this.#settings = settings;
  }

  start(streams: () => number): void {
    this.#unregister = this.#settings.meter.gauge(info.streams.name, info.streams, streams);
  }

  converted(dataKind: number): void {
    this.#counts[dataKind * width]! += 1;
  }

  dropped(dataKind: number, reason: Reason): void {
    this.#counts[dataKind * width + 1 + reasons.indexOf(reason)]! += 1;
  }

  /** Reports what was counted since the last time. */
  report(): void {
    const { meter } = this.#settings;
    for (const [kind, metric_type] of typeNames) {
      const at = kind * width;
      const converted = this.#counts[at]!;
      if (converted > 0) {
        meter.counter(info.converted.name, info.converted).add(converted, { metric_type });
      }
      for (const [i, reason] of reasons.entries()) {
        const count = this.#counts[at + 1 + i]!;
        if (count === 0) continue;
        this.#left.push([reason, count]);
        if (reason === 'no_recorded_value') continue;
        meter.counter(info.dropped.name, info.dropped).add(count, { metric_type, reason });
      }
    }
    this.#counts.fill(0);
  }

  /** Points that were dropped since the last call, for the ledger. */
  left(): readonly (readonly [Reason, number])[] {
    return this.#left.splice(0);
  }

  close(): void {
    this.#unregister?.();
  }
}
