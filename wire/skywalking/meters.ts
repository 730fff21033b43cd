import type { MetricsBuilder } from '../../pdata/builder.ts';
import { SkywalkingFault } from './fault.ts';
import type { Instances } from './instances.ts';
import { MetricTranslator, type PreparedMetrics } from './metrics.ts';
import { timeOf } from './records.ts';
import { nanoseconds } from './times.ts';
import type { Carry, Translator } from './translator.ts';

interface Label {
  readonly name: string;
  readonly value: string;
}

interface Bucket {
  /** The least value that is counted here. */
  readonly bucket: number;
  readonly count: bigint;
  readonly isNegativeInfinity: boolean;
}

/** MeterData of language-agent/Meter.proto. */
interface MeterData {
  readonly singleValue?: {
    readonly name: string;
    readonly labels: readonly Label[];
    readonly value: number;
  };
  readonly histogram?: {
    readonly name: string;
    readonly labels: readonly Label[];
    readonly values: readonly Bucket[];
  };
  readonly service: string;
  readonly serviceInstance: string;
  readonly timestamp: bigint;
}

interface Histogram {
  readonly bounds: readonly number[];
  readonly counts: readonly bigint[];
  readonly count: bigint;
}

/**
 * Buckets by their lower bounds as OTLP has them, by their upper ones. What is below the first
 * bucket was never counted: the first bucket reaches down to minus infinity.
 */
function bucketsOf(values: readonly Bucket[]): Histogram {
  const lower = ({ bucket, isNegativeInfinity }: Bucket): number =>
    isNegativeInfinity ? Number.NEGATIVE_INFINITY : bucket;
  const sorted = [...values].sort((a, b) => lower(a) - lower(b));
  const bounds = sorted.slice(1).map(lower);
  if (sorted.some((value, i) => !(i === 0 || lower(sorted[i - 1]!) < lower(value)))) {
    throw new SkywalkingFault('cannot take a histogram with two buckets of one bound', 0);
  }
  if (sorted.some(({ count, bucket }) => count < 0n || Number.isNaN(bucket))) {
    throw new SkywalkingFault('cannot take a histogram with a bucket of a negative count', 0);
  }
  const counts = sorted.map(({ count }) => count);
  return { bounds, counts, count: counts.reduce((sum, count) => sum + count, 0n) };
}

function attributesOf(labels: readonly Label[]): Map<string, string> {
  return new Map(labels.map(({ name, value }) => [name, value]));
}

/** A meter that is checked: what it writes. */
function writerOf({ singleValue, histogram }: MeterData): (b: MetricsBuilder, t: bigint) => void {
  if (singleValue !== undefined) {
    const attributes = attributesOf(singleValue.labels);
    if (singleValue.name === '') throw new SkywalkingFault('cannot take a meter without name', 0);
    return (b, timeUnixNano) => {
      b.metric(singleValue.name);
      b.gauge();
      b.numberPoint({ timeUnixNano, attributes, value: singleValue.value });
    };
  }
  if (histogram === undefined) return () => undefined;
  if (histogram.name === '') throw new SkywalkingFault('cannot take a meter without name', 0);
  const attributes = attributesOf(histogram.labels);
  const { bounds, counts, count } = bucketsOf(histogram.values);
  return (b, timeUnixNano) => {
    b.metric(histogram.name);
    b.histogram(2);
    const buckets = counts.length === 0 ? {} : { bucketCounts: counts, explicitBounds: bounds };
    b.histogramPoint({ timeUnixNano, attributes, count, ...buckets });
  };
}

/** @param carry what the first of a stream says of all */
function prepareAll(meters: readonly MeterData[], nowMs: number, carry: Carry): PreparedMetrics {
  const writers: [time: bigint, write: (b: MetricsBuilder, t: bigint) => void][] = [];
  for (const meter of meters) {
    if (meter.service !== '') carry.service = meter.service;
    if (meter.serviceInstance !== '') carry.instance = meter.serviceInstance;
    if (meter.timestamp !== 0n) {
      timeOf(meter.timestamp, 'time of a meter');
      carry.ms = Number(meter.timestamp);
    }
    writers.push([nanoseconds(carry.ms === 0 ? nowMs : carry.ms), writerOf(meter)]);
  }
  return {
    service: carry.service,
    instance: carry.instance,
    write: (b) => writers.forEach(([time, write]) => void write(b, time)),
  };
}

/** Meters (MeterData) of a stream; the first says of which instance, and when, all are. */
export function meterTranslator(instances: Instances): Translator<'metrics'> {
  return new MetricTranslator<MeterData>('Meter', instances, (meter, nowMs, carry) =>
    prepareAll([meter], nowMs, carry),
  );
}

/** Meters in batches (MeterDataCollection), each of which stands for itself. */
export function meterBatchTranslator(instances: Instances): Translator<'metrics'> {
  return new MetricTranslator<{ readonly meterData: readonly MeterData[] }>(
    'Meters',
    instances,
    ({ meterData }, nowMs) => prepareAll(meterData, nowMs, { service: '', instance: '', ms: 0 }),
  );
}
