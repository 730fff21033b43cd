import { Writer } from '../../../pdata/proto/writer.ts';
import type { Exemplar, ExposedMetric, Family, MetricValue, Native, NativeSide } from './model.ts';

/*
 * io.prometheus.client.MetricFamily (client_model/metrics.proto), each with its length before it:
 *
 *   MetricFamily 1 name 2 help 3 type (0 counter 1 gauge 2 summary 4 histogram) 4 metric*
 *   Metric       1 label* 2 gauge 3 counter 4 summary 6 timestamp_ms 7 histogram
 *   Counter      1 value 2 exemplar 3 created_timestamp     Gauge 1 value
 *   Summary      1 sample_count 2 sample_sum 3 quantile* {1 quantile 2 value} 4 created_timestamp
 *   Histogram    1 sample_count 2 sample_sum
 *                3 bucket* {1 cumulative_count 2 upper_bound 3 exemplar}
 *                5 schema 6 zero_threshold 7 zero_count 9 negative_span* 10 negative_delta*
 *                12 positive_span* 13 positive_delta* 15 created_timestamp 16 exemplars*
 *   Exemplar     1 label* 2 value 3 timestamp {1 seconds 2 nanos}
 */

const types = { counter: 0, gauge: 1, summary: 2, histogram: 4 } as const;

/** Writes families as delimited messages. */
export function writeProtobuf(families: readonly Family[]): Uint8Array {
  const out = new Writer(65_536);
  const w = new Writer(16_384);
  for (const family of families) {
    w.stringField(1, family.name);
    w.stringField(2, family.help);
    w.uintField(3, types[family.type]);
    for (const metric of family.metrics) {
      const at = w.open(4, 2);
      putMetric(w, metric, family.type);
      w.close(at);
    }
    const message = w.take();
    out.varint(message.length);
    out.raw(message);
  }
  return out.take();
}

function putMetric(w: Writer, metric: ExposedMetric, type: Family['type']): void {
  const { labels, value, timeMs, createdUnixNano: created } = metric;
  putLabels(w, labels);
  switch (value.kind) {
    case 'number': {
      const at = w.open(type === 'counter' ? 3 : 2);
      w.doubleField(1, value.value);
      if (value.exemplar !== undefined) putExemplar(w, 2, value.exemplar);
      if (type === 'counter') putTime(w, 3, created);
      w.close(at);
      break;
    }
    case 'summary': {
      const at = w.open(4);
      w.intField(1, value.count);
      w.doubleField(2, value.sum);
      for (const [quantile, given] of value.quantiles) {
        const inner = w.open(3);
        w.doubleField(1, quantile);
        w.doubleField(2, given);
        w.close(inner);
      }
      putTime(w, 4, created);
      w.close(at);
      break;
    }
    default:
      break;
  }
  if (timeMs !== undefined) w.intField(6, timeMs);
  if (value.kind === 'histogram') putHistogram(w, value, created);
}

function putHistogram(
  w: Writer,
  value: Extract<MetricValue, { kind: 'histogram' }>,
  created: bigint | undefined,
): void {
  const at = w.open(7, 2);
  w.intField(1, value.count);
  w.doubleField(2, value.sum);
  for (const { bound, count, exemplar } of value.buckets) {
    const inner = w.open(3);
    w.intField(1, count);
    w.doubleField(2, bound);
    if (exemplar !== undefined) putExemplar(w, 3, exemplar);
    w.close(inner);
  }
  if (value.native !== undefined) putNative(w, value.native);
  putTime(w, 15, created);
  for (const exemplar of value.native?.exemplars ?? []) putExemplar(w, 16, exemplar);
  w.close(at);
}

function putNative(w: Writer, native: Native): void {
  w.sint32Field(5, native.schema);
  w.doubleField(6, native.zeroThreshold);
  w.intField(7, native.zeroCount);
  putSide(w, 9, native.negative);
  putSide(w, 12, native.positive);
}

/** A span as field `field`, deltas as the next one. */
function putSide(w: Writer, field: number, { offset, counts }: NativeSide): void {
  if (counts.length === 0) return;
  const at = w.open(field);
  w.sint32Field(1, offset);
  w.uintField(2, counts.length);
  w.close(at);
  let before = 0n;
  for (const count of counts) {
    const delta = count - before;
    before = count;
    w.intField(field + 1, (delta << 1n) ^ (delta >> 63n));
  }
}

function putExemplar(w: Writer, field: number, exemplar: Exemplar): void {
  const at = w.open(field);
  putLabels(w, exemplar.labels);
  w.doubleField(2, exemplar.value);
  putTime(w, 3, exemplar.timeUnixNano);
  w.close(at);
}

function putLabels(w: Writer, labels: ExposedMetric['labels']): void {
  for (const [name, value] of labels) {
    const at = w.open(1);
    w.stringField(1, name);
    w.stringField(2, value);
    w.close(at);
  }
}

function putTime(w: Writer, field: number, unixNano: bigint | undefined): void {
  if (unixNano === undefined) return;
  const at = w.open(field);
  w.intField(1, unixNano / 1_000_000_000n);
  const rest = unixNano % 1_000_000_000n;
  if (rest !== 0n) w.intField(2, rest);
  w.close(at);
}
