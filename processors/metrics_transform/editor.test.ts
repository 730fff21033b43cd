import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { Metrics } from '../../pdata/batch.ts';
import { toJson } from '../../pdata/json.ts';
import {
  decodeMetrics,
  encodeMetrics,
  type Metric,
  newHistogramPoint,
  newMetric,
  newNumberPoint,
  newResource,
  newScope,
  type Value,
} from '../../pdata/objects/index.ts';
import { parseRequest } from '../../pdata/parse.ts';
import { randomRequest } from '../../pdata/testing/random-request.ts';
import { testSettings } from '../../testing/settings.ts';
import { config } from './config.ts';
import { Editor } from './editor.ts';
import { Transforms } from './transform.ts';

const labels = ['a', 'b', 'c', 'größe', 'x'.repeat(40)];
const texts = ['', 'u', 'v', 'ü', 'w'.repeat(200)];
const label = fc.constantFrom(...labels);
const text = fc.constantFrom(...texts);
const full = text.filter((one) => one !== '');

const operation = fc.oneof(
  fc.record({ action: fc.constant('add_label'), new_label: label, new_value: full }),
  fc.record({
    action: fc.constant('update_label'),
    label,
    new_label: fc.oneof(label, fc.constant('')),
    value_actions: fc.array(fc.record({ value: text, new_value: text }), { maxLength: 3 }),
  }),
  fc.record({ action: fc.constant('delete_label_value'), label, label_value: text }),
  fc.constant({ action: 'toggle_scalar_data_type' }),
  fc.record({
    action: fc.constant('experimental_scale_value'),
    experimental_scale: fc.constantFrom(0.001, -3, 1e18),
  }),
);

const names = ['m', 'n', 'sys.m'];
const transforms = fc.array(
  fc.oneof(
    fc.record({
      include: fc.constantFrom(...names),
      action: fc.constant('update'),
      new_name: fc.constantFrom('', 'n', 'new', 'y'.repeat(150)),
      operations: fc.array(operation, { maxLength: 4 }),
    }),
    fc.record({
      include: fc.constantFrom('.*', '^sys[.](.*)$'),
      match_type: fc.constant('regexp'),
      action: fc.constant('update'),
      new_name: fc.constantFrom('', '$1', 'host.$1'),
      operations: fc.array(operation, { maxLength: 4 }),
    }),
  ),
  { minLength: 1, maxLength: 3 },
);

const value: fc.Arbitrary<Value> = fc.oneof(
  text,
  fc.bigInt({ min: -5n, max: 5n }),
  fc.boolean(),
  fc.constant(null),
  fc.constant<Value>([1n, 'v']),
);
const attributes = fc
  .uniqueArray(fc.tuple(label, value), { selector: ([key]) => key, maxLength: 5 })
  .map((pairs) => new Map(pairs));

const metric: fc.Arbitrary<Metric> = fc
  .tuple(fc.constantFrom(...names, 'other'), fc.nat(4), fc.array(attributes, { maxLength: 4 }))
  .map(([name, kind, given]) => ({
    ...newMetric(),
    name,
    unit: 's',
    data:
      kind === 0
        ? {
            kind: 'histogram',
            aggregationTemporality: 2,
            points: given.map((own) => ({ ...newHistogramPoint(), attributes: own, flags: 1 })),
          }
        : {
            kind: 'gauge',
            points: given.map((own, i) => ({
              ...newNumberPoint(),
              attributes: own,
              value: i % 2 === 0 ? BigInt(i + 1) : i * 1.7,
              flags: i,
            })),
          },
  }));

function batchOf(groups: readonly Metric[][][]): Metrics {
  return encodeMetrics(
    groups.map((scopes) => ({
      resource: { ...newResource(), attributes: new Map([['service.name', 's']]) },
      schemaUrl: '',
      scopes: scopes.map((items) => ({ scope: newScope(), schemaUrl: 'u', items })),
    })),
  );
}

function both(given: object[], batch: Metrics) {
  const settings = testSettings();
  const all = new Transforms(config.parse({ transforms: given }), '1.2.3', settings.logger);
  const edited = new Editor((name) => all.plan(name)).edit(batch);
  const expected = encodeMetrics(all.apply(decodeMetrics(batch)));
  return { edited, expected };
}

describe('edits of bytes', () => {
  it('give the bytes that objects give', () => {
    let edits = 0;
    fc.assert(
      fc.property(
        transforms,
        fc.array(fc.array(fc.array(metric, { maxLength: 3 }), { maxLength: 2 }), { maxLength: 2 }),
        (given, groups) => {
          const batch = batchOf(groups);
          const { edited, expected } = both(given, batch);
          if (!JSON.stringify(given).includes('_scale')) assert.notEqual(edited, 'objects');
          if (typeof edited === 'string') return;
          edits += 1;
          assert.equal(edited.itemCount, expected.itemCount);
          const bytes = Buffer.concat(edited.ranges());
          assert.deepEqual(bytes, Buffer.concat(expected.ranges()));
        },
      ),
      { numRuns: 1000 },
    );
    assert.ok(edits > 100, `${edits} edits`);
  });

  it('mean the same as objects whatever the shape of a request', () => {
    let edits = 0;
    fc.assert(
      fc.property(
        transforms,
        fc.nat(),
        fc.boolean(),
        fc.boolean(),
        (given, seed, unknown, wild) => {
          const bytes = randomRequest('metrics', seed, { unknown, wild });
          let batch: Metrics;
          try {
            batch = parseRequest('metrics', bytes);
          } catch {
            return;
          }
          const { edited, expected } = both(given, batch);
          if (typeof edited === 'string') return;
          edits += 1;
          assert.equal(edited.itemCount, expected.itemCount);
          const [one = new Uint8Array(0)] = edited.ranges();
          const read = encodeMetrics(decodeMetrics(parseRequest('metrics', one)));
          assert.equal(toJson(read), toJson(expected));
        },
      ),
      { numRuns: 1000 },
    );
    assert.ok(edits > 20, `${edits} edits`);
  });

  it('leave to objects what is more than an edit', () => {
    const batch = batchOf([[[{ ...newMetric(), name: 'm' }]]]);
    const more = [
      { include: 'm', action: 'insert', new_name: 'n' },
      { include: 'm', action: 'update', experimental_match_labels: { a: 'v' }, new_name: 'n' },
      { include: 'm', action: 'update', operations: [{ action: 'aggregate_labels' }] },
    ];
    for (const one of more) assert.equal(both([one], batch).edited, 'objects');
    const renamed = { include: 'm', action: 'update', new_name: 'n' };
    assert.equal(both([renamed, { ...more[0]!, include: 'n' }], batch).edited, 'objects');
    assert.equal(both([{ ...more[0]!, include: 'x' }], batch).edited, 'none');
  });
});
