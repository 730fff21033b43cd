import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { parseJson } from '../../pdata/json.ts';
import { testGates } from '../../testing/settings.ts';
import { toSeries } from '../../wire/prometheus/from-otlp/convert.ts';
import { writeFamilies, writeSeries } from '../../wire/prometheus/remote-write/write.ts';
import {
  type CanonicalRequests,
  canonicalRequests,
} from '../../wire/prometheus/testing/canonical.ts';
import { config } from './config.ts';
import { rulesOf } from './rules.ts';

const read = (name: string): string =>
  readFileSync(join(import.meta.dirname, 'testdata', name), 'utf8');
const cases = JSON.parse(read('cases.json')) as Readonly<Record<string, object>>;
const expected = JSON.parse(read('expected.json')) as Readonly<Record<string, CanonicalRequests>>;

/** What the exporter sends for the recorded metrics with these keys. */
function sent(keys: object): CanonicalRequests {
  const rules = rulesOf(config.parse(keys), testGates());
  const { request } = toSeries(parseJson('metrics', Buffer.from(read('metrics.json'))), rules);
  const written = [
    ...writeSeries(request, rules.version, 3e6),
    ...(rules.families ? writeFamilies(request, 3e6) : []),
  ];
  const version2 = 'application/x-protobuf;proto=io.prometheus.write.v2.Request';
  const type = rules.version === 2 ? version2 : 'application/x-protobuf';
  return canonicalRequests(written.map(({ parts }) => ({ type, body: Buffer.concat(parts) })));
}

/** The same without what the Go collector leaves out of version 2.0. */
function lessThanSent({ series }: CanonicalRequests): unknown[] {
  return series.map((one) => {
    const { samples, histograms, exemplars, labels } = one;
    const isBucket = 'le' in labels;
    return {
      ...one,
      samples: samples.map(([bits, time]) => [bits, time, 0]),
      histograms: histograms.map((histogram) => ({ ...histogram, startMs: 0 })),
      exemplars: isBucket ? [] : exemplars,
    };
  });
}

/** Series that only one side has, so that a failure can be read. */
function differences(found: readonly unknown[], wanted: readonly unknown[]): string[] {
  const here = new Set(found.map((one) => JSON.stringify(one)));
  const there = new Set(wanted.map((one) => JSON.stringify(one)));
  const ours = [...here].filter((one) => !there.has(one)).map((one) => `+ ${one}`);
  return [...ours, ...[...there].filter((one) => !here.has(one)).map((one) => `- ${one}`)].sort();
}

describe('series are those of the Go collector', () => {
  for (const [name, keys] of Object.entries(cases)) {
    it(name, () => {
      const found = sent(keys);
      const wanted = expected[name]!;
      assert.deepEqual(found.types, wanted.types);
      assert.deepEqual(found.families, wanted.families);
      const isVersion2 = found.types[0]!.includes('v2');
      const series = isVersion2 ? lessThanSent(found) : found.series;
      assert.deepEqual(differences(series, wanted.series), []);
      assert.equal(series.length, wanted.series.length);
    });
  }
});
