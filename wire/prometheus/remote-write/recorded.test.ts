/** Requests as Prometheus sent them. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { modelOf } from '../testing/model.ts';
import { familiesOf } from './families.ts';
import { readWriteRequest, type Version } from './read.ts';
import { writeSeries } from './write.ts';

const read = (name: string, version: Version) =>
  readWriteRequest(readFileSync(join(import.meta.dirname, '../testdata', name)), version);

for (const version of [1, 2] as const) {
  test(`version ${version}.0`, () => {
    const { request, faults } = read(`prometheus-${version}.bin`, version);
    assert.deepEqual(faults, []);
    const series = modelOf(request);
    const of = (name: string, le?: string) => {
      const found = series.filter(({ labels }) => labels.__name__ === name && labels.le === le);
      assert.ok(found.length > 0, name);
      return found;
    };
    for (const { labels, samples, type } of of('c_total')) {
      assert.equal(labels.job, 'shop');
      assert.match(labels.instance!, /^127\.0\.0\.1:/);
      assert.equal(labels.__type__, version === 2 ? 'counter' : undefined);
      assert.equal(type, version === 2 ? 'counter' : 'unknown');
      for (const [bits, time] of samples) {
        assert.equal(bits, '401c000000000000');
        assert.ok(time > 1_700_000_000_000);
      }
    }
    const exemplars = of('c_total').flatMap(({ exemplars: list }) => list);
    assert.ok(exemplars.length > 0);
    for (const [labels, bits] of exemplars) {
      assert.deepEqual([labels, bits], [{ trace_id: 'abc' }, '3ff0000000000000']);
    }
    const bucket = of('h_seconds_bucket', '1.0')[0]!;
    assert.equal(bucket.labels.l, 'ü');
    assert.equal(bucket.samples[0]![0], '4000000000000000');
    const [native] = of('n_seconds').flatMap(({ histograms }) => histograms) as [
      Record<string, unknown>,
    ];
    const { schema, zeroCount, zeroThreshold, count, sum, positive, isFloat } = native;
    assert.deepEqual([schema, zeroCount, zeroThreshold, count, isFloat], [1, 1, 0.001, 4, false]);
    assert.deepEqual([positive, sum], [[2, 1], '4016000000000000']);

    const written = writeSeries(request, version, 1e9);
    const again = readWriteRequest(Buffer.concat(written.flatMap(({ parts }) => parts)), version);
    assert.deepEqual(modelOf(again.request), series);
  });
}

test('metadata of version 1.0', () => {
  const { request, faults } = read('prometheus-metadata.bin', 1);
  assert.deepEqual(faults, []);
  assert.equal(request.seriesCount, 0);
  const families = new Map(familiesOf(request));
  assert.deepEqual(families.get('c_total'), { type: 1, help: 'Counted.', unit: '' });
  assert.deepEqual(families.get('h_seconds'), { type: 3, help: 'Classic.', unit: '' });
});
