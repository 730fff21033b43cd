import type { ExposedMetric, Family, MetricValue } from '../../wire/prometheus/exposition/model.ts';
import { writeProtobuf } from '../../wire/prometheus/exposition/protobuf.ts';
import { writeText } from '../../wire/prometheus/exposition/text.ts';

/** What pages are written in, and the header Content-Type that says so. */
export const formats = {
  'text 0.0.4': 'text/plain; version=0.0.4',
  'OpenMetrics 1.0': 'application/openmetrics-text; version=1.0.0; charset=utf-8',
  protobuf:
    'application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited',
} as const;

export type Format = keyof typeof formats;

const perFamily = 20;
const bounds = [0.005, 0.01, 0.05, 0.1, 0.5, 1, 2.5, Number.POSITIVE_INFINITY];
/** Series of a page: 50 families of counters, 30 of gauges, 40 histograms of ten series. */
export const samplesOfPage = (50 + 30) * perFamily + 40 * (bounds.length + 2);

function metric(i: number, value: MetricValue): ExposedMetric {
  const labels = [
    ['cluster', 'eu-west-1'],
    ['device', `nvme${i}n1`],
    ['mode', ['idle', 'user', 'system', 'iowait'][i % 4]!],
    ['path', `/api/v1/items/${i}`],
  ] as const;
  return { labels, value };
}

function family(
  type: Family['type'],
  number: number,
  count: number,
  value: (i: number) => MetricValue,
): Family {
  const suffix = type === 'counter' ? '_total' : '';
  return {
    name: `bench_${type}_${number}${suffix}`,
    help: `What ${type} ${number} counts, in words of the usual length.`,
    type,
    metrics: Array.from({ length: count }, (_, i) => metric(i, value(i))),
  };
}

/** A page as a target has it at its `round`-th scrape: counters have grown, gauges wander. */
export function page(format: Format, round: number): Buffer {
  const families: Family[] = [];
  for (let n = 0; n < 50; n += 1) {
    families.push(
      family('counter', n, perFamily, (i) => ({
        kind: 'number',
        value: n * 1000 + i * 17 + round * (i + 3),
      })),
    );
  }
  for (let n = 0; n < 30; n += 1) {
    families.push(
      family('gauge', n, perFamily, (i) => ({
        kind: 'number',
        value: Math.round(Math.sin(n + i + round) * 1e5) / 1e3,
      })),
    );
  }
  for (let n = 0; n < 40; n += 1) {
    const counts = bounds.map((_, k) => BigInt((k + 1) * (round + 1) * 5));
    const buckets = bounds.map((bound, k) => ({ bound, count: counts[k]! }));
    const histogram = {
      kind: 'histogram',
      count: counts.at(-1)!,
      sum: round * 1.5,
      buckets,
    } as const;
    families.push(family('histogram', n, 1, () => histogram));
  }
  if (format === 'protobuf') return Buffer.from(writeProtobuf(families));
  return Buffer.from(writeText(families, format === 'text 0.0.4' ? 'text' : 'openmetrics'));
}
