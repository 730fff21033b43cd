import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { background } from '../../component/consumer.ts';
import { int64Of } from '../../pdata/aggregate/go-numbers.ts';
import { groupPoints } from '../../pdata/aggregate/group.ts';
import { mergeInto } from '../../pdata/aggregate/merge.ts';
import { toJson } from '../../pdata/json.ts';
import type { Metric, NumberPoint, Value } from '../../pdata/objects/index.ts';
import {
  encodeMetrics,
  newMetric,
  newNumberPoint,
  newResource,
  newScope,
} from '../../pdata/objects/index.ts';
import { type TestSettings, testSettings } from '../../testing/settings.ts';
import { collectingSink } from '../../testing/sinks.ts';
import { config } from './config.ts';
import { factory } from './index.ts';

function point(value: number | bigint, attributes: Record<string, Value> = {}): NumberPoint {
  const made = newNumberPoint();
  made.value = value;
  made.attributes = new Map(Object.entries(attributes));
  return made;
}

function gauge(name: string, points: NumberPoint[]): Metric {
  return { ...newMetric(), name, data: { kind: 'gauge', points } };
}

function batchOf(...items: Metric[]) {
  const scopes = [{ scope: newScope(), schemaUrl: '', items }];
  return encodeMetrics([{ resource: newResource(), schemaUrl: '', scopes }]);
}

async function run(transforms: object[], ...items: Metric[]) {
  const settings = testSettings();
  const sink = collectingSink<'metrics'>();
  const processor = factory.create('metrics', settings, config.parse({ transforms }), sink);
  await processor.start();
  const batch = batchOf(...items);
  await processor.consume(batch, background);
  return { settings, sink, batch };
}

const nodeOf = (settings: TestSettings) =>
  settings.book.snapshot().nodes.find(({ node }) => node === 'test')!;

describe('metrics_transform', () => {
  it('passes batches of other names as they are', async () => {
    const { sink, batch } = await run(
      [{ include: 'x', action: 'update', new_name: 'y' }],
      gauge('a', [point(1n)]),
    );
    assert.equal(sink.batches[0], batch);
  });

  it('tells the ledger of points that are lost and made', async () => {
    const label = { action: 'delete_label_value', label: 'k', label_value: 'v' };
    const lost = await run(
      [{ include: 'a', action: 'update', operations: [label] }],
      gauge('a', [point(1n, { k: 'v' }), point(2n)]),
    );
    assert.deepEqual(nodeOf(lost.settings).dropped, { metrics_transform: 1 });
    const made = await run(
      [{ include: 'a', action: 'insert', new_name: 'b' }],
      gauge('a', [point(1n)]),
    );
    assert.equal(nodeOf(made.settings).created, 1);
    assert.match(toJson(made.sink.batches[0]!), /"name":"a".*"name":"b"/);
  });

  it('hands nothing on when nothing is left', async () => {
    const label = { action: 'delete_label_value', label: 'k', label_value: 'v' };
    const { sink } = await run(
      [{ include: 'a', action: 'update', operations: [label] }],
      gauge('a', [point(1n, { k: 'v' })]),
    );
    assert.equal(sink.batches.length, 0);
  });

  it('warns of a key without effect', async () => {
    const { settings } = await run([{ include: 'a', action: 'update', submatch_case: 'upper' }]);
    assert.match(settings.logger.lines[0]?.message ?? '', /submatch_case/);
  });
});

describe('joined points', () => {
  it('have the sum, least, largest and number of their values', () => {
    const values = fc.array(fc.bigInt({ min: -1000n, max: 1000n }), { minLength: 2, maxLength: 9 });
    fc.assert(
      fc.property(values, (list) => {
        const joined = (how: 'sum' | 'min' | 'max' | 'count' | 'mean' | 'median'): unknown => {
          const data = gauge('m', []).data;
          mergeInto(
            data,
            groupPoints([
              gauge(
                'm',
                list.map((v) => point(v)),
              ).data,
            ]),
            how,
          );
          assert.equal(data.points.length, 1);
          return (data.points[0] as NumberPoint).value;
        };
        const numbers = list.map(Number);
        const sum = numbers.reduce((a, b) => a + b);
        assert.equal(joined('sum'), BigInt(sum));
        assert.equal(joined('mean'), BigInt(Math.trunc(sum / numbers.length)));
        assert.equal(joined('min'), BigInt(Math.min(...numbers)));
        assert.equal(joined('max'), BigInt(Math.max(...numbers)));
        assert.equal(joined('count'), BigInt(numbers.length));
        const median = joined('median') as bigint;
        const below = numbers.filter((v) => v < Number(median)).length;
        assert.ok(below <= numbers.length / 2);
      }),
      { numRuns: 200 },
    );
  });

  it('have the same attributes in any order', () => {
    const a = gauge('m', [point(1n, { x: 1n, y: [new Uint8Array([1]), 'a'] })]);
    const b = gauge('m', [
      point(1n, { y: [new Uint8Array([1]), 'a'], x: 1n }),
      point(1n, { x: 2n }),
    ]);
    assert.deepEqual(
      groupPoints([a.data, b.data]).map((g) => g.length),
      [2, 1],
    );
  });

  it('round as 64-bit integers do', () => {
    assert.deepEqual([2.9, -2.9, 1e300, -1e300, Number.NaN].map(int64Of), [
      2n,
      -2n,
      -(2n ** 63n),
      -(2n ** 63n),
      -(2n ** 63n),
    ]);
  });
});
