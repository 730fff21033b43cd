import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { Metrics } from '../../pdata/batch.ts';
import { parseJson } from '../../pdata/json.ts';
import { toSeries } from './from-otlp/convert.ts';
import type { SeriesRules } from './from-otlp/rules.ts';
import { toOtlp } from './otlp/to-otlp.ts';
import { readWriteRequest } from './remote-write/read.ts';
import { writeSeries } from './remote-write/write.ts';
import { type CanonicalRequests, canonicalRequests } from './testing/canonical.ts';

const labels = { utf8: false, keyBeforeUnderscore: true, keepUnderscores: false };
const rules: SeriesRules = {
  names: { namespace: '', suffixes: true, utf8: false },
  labels,
  targetLabels: labels,
  externalLabels: new Map(),
  targetInfo: true,
  scopeLabels: true,
  resourceLabels: 'none',
  version: 2,
  families: false,
};
const memory = { recall: () => undefined, remember: () => undefined };

/** Messages of version 2.0 that metrics become. */
function send(batch: Metrics): Buffer[] {
  const { request, faults } = toSeries(batch, rules);
  assert.deepEqual(faults, []);
  return writeSeries(request, 2, 1e9).map(({ parts }) => Buffer.concat(parts));
}

const contents = (bodies: readonly Buffer[]): CanonicalRequests =>
  canonicalRequests(bodies.map((body) => ({ type: 'write.v2', body })));

/** What a receiver of messages hands on. */
function receive(body: Buffer): Metrics {
  const { request, faults } = readWriteRequest(body, 2);
  assert.deepEqual(faults, []);
  return toOtlp(request, memory, 1e9).batch!;
}

const text = (value: string) => ({ stringValue: value });
const attributes = fc
  .dictionary(
    fc.constantFrom('a.b', 'code', 'x', 'route'),
    fc.string({ minLength: 1, maxLength: 5 }),
  )
  .map((given) => Object.entries(given).map(([key, value]) => ({ key, value: text(value) })));
const time = { startTimeUnixNano: '1699999000000000000', timeUnixNano: '1700000000123000000' };
const value = fc.double();
const counts = fc.array(fc.nat(1000), { minLength: 1, maxLength: 5 });
const total = (list: readonly number[]): string => String(list.reduce((a, b) => a + b, 0));

const numberPoint = fc.record({ attributes, asDouble: value.map(json) }).map(withTime);
const histogramPoint = fc.record({ attributes, counts, sum: value }).map((given) =>
  withTime({
    attributes: given.attributes,
    sum: json(given.sum),
    count: total(given.counts),
    bucketCounts: given.counts.map(String),
    explicitBounds: given.counts.slice(1).map((_, i) => 0.5 * (i + 1)),
  }),
);
const exponentialPoint = fc
  .record({
    attributes,
    counts,
    scale: fc.integer({ min: -4, max: 8 }),
    offset: fc.integer({ min: -50, max: 50 }),
  })
  .map((given) =>
    withTime({
      attributes: given.attributes,
      sum: 1.5,
      count: total(given.counts),
      scale: given.scale,
      zeroThreshold: 0.001,
      positive: { offset: given.offset, bucketCounts: given.counts.map(String) },
    }),
  );
const summaryPoint = fc.record({ attributes, sum: value, at: value }).map((given) =>
  withTime({
    attributes: given.attributes,
    sum: json(given.sum),
    count: '7',
    quantileValues: [{ quantile: 0.5, value: json(given.at) }],
  }),
);

function json(number: number): number | string {
  if (Number.isNaN(number)) return 'NaN';
  if (Number.isFinite(number)) return number;
  return number > 0 ? 'Infinity' : '-Infinity';
}

function withTime<T extends object>(point: T): T & typeof time {
  return { ...time, ...point };
}

/** Points of one metric, each with labels of its own. */
function distinct<T extends { attributes: unknown }>(point: fc.Arbitrary<T>): fc.Arbitrary<T[]> {
  const selector = ({ attributes: given }: T): string => JSON.stringify(sorted(given as []));
  return fc.uniqueArray(point, { minLength: 1, maxLength: 4, selector });
}

const sorted = (list: readonly { readonly key: string }[]): unknown[] =>
  [...list].sort((a, b) => (a.key < b.key ? -1 : 1));

const cumulative = { aggregationTemporality: 2 };
const metrics = fc
  .record({
    gauge: distinct(numberPoint),
    sum: distinct(numberPoint),
    histogram: distinct(histogramPoint),
    exponentialHistogram: distinct(exponentialPoint),
    summary: distinct(summaryPoint),
  })
  .map(({ gauge, sum, histogram, exponentialHistogram, summary }) => [
    { name: 'a.gauge', unit: '1', gauge: { dataPoints: gauge } },
    {
      name: 'a.sum',
      unit: 'By',
      description: 'A sum.',
      sum: { ...cumulative, isMonotonic: true, dataPoints: sum },
    },
    { name: 'up.down', sum: { ...cumulative, dataPoints: gauge } },
    { name: 'a.histogram', unit: 's', histogram: { ...cumulative, dataPoints: histogram } },
    {
      name: 'an.exp',
      unit: 'ms',
      exponentialHistogram: { ...cumulative, dataPoints: exponentialHistogram },
    },
    { name: 'a.summary', summary: { dataPoints: summary } },
  ]);

describe('metrics that are sent, received and sent again', () => {
  it('are the same series', () => {
    fc.assert(
      fc.property(metrics, (given) => {
        const attribute = (key: string, of: string) => ({ key, value: text(of) });
        const resource = {
          attributes: [
            attribute('service.name', 'cart'),
            attribute('service.namespace', 'shop'),
            attribute('service.instance.id', 'i'),
            attribute('host.name', 'h'),
          ],
        };
        const scope = { name: 'lib', version: '1', attributes: [attribute('team', 't')] };
        const request = {
          resourceMetrics: [{ resource, scopeMetrics: [{ scope, metrics: given }] }],
        };
        const first = send(parseJson('metrics', Buffer.from(JSON.stringify(request))));
        assert.equal(first.length, 1);
        const again = send(receive(first[0]!));
        assert.deepEqual(contents(again), contents(first));
      }),
      { numRuns: 150 },
    );
  });
});
