import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Writer } from '../../pdata/proto/writer.ts';
import { ValueView } from '../../pdata/readers.ts';
import { encodeValue } from '../../pdata/values.ts';
import { packAttributes, writePacked } from './attributes.ts';
import { ExplicitHistograms } from './explicit.ts';
import { bucketIndex, ExponentialHistogram } from './exponential.ts';
import { SeriesKey } from './key.ts';
import { Column, SeriesTable } from './table.ts';

function keyOf(text: string): SeriesKey {
  const key = new SeriesKey();
  key.text(text);
  return key;
}

test('a table finds what was added, also after some has gone', () => {
  const step = fc.record({ text: fc.string({ maxLength: 3 }), action: fc.nat(30) });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 300 }), fc.boolean(), (steps, collide) => {
      const table = new SeriesTable();
      const column = new Column(2);
      let model: string[] = [];
      for (const { text, action } of steps) {
        const key = keyOf(text);
        const hash = collide ? 7 : key.hash(1);
        if (action === 30) {
          table.clear();
          column.values.fill(0);
          model = [];
          continue;
        }
        if (action === 29) {
          const keeps = (one: string) => one.length !== text.length;
          const left = table.retain((i) => keeps(model[i]!));
          if (left !== undefined) column.reorder(left);
          model = model.filter(keeps);
        }
        let i = table.find(key, hash);
        assert.equal(i, model.indexOf(text));
        if (i < 0) {
          i = table.add(key, hash, Buffer.from(`extra ${text}`));
          column.open(i);
          model.push(text);
        }
        column.values[i * 2 + 1]! += 1;
        assert.equal(table.size, model.length);
        for (const [k, one] of model.entries()) {
          const extra = table.arena.subarray(table.extraStart(k), table.extraEnd(k));
          assert.equal(Buffer.from(extra).toString(), `extra ${one}`);
          assert.ok(column.values[k * 2 + 1]! > 0);
        }
      }
    }),
    { numRuns: 200 },
  );
});

test('values of different types with the same text are one part; lists of parts never run together', () => {
  const view = new ValueView();
  const of = (...values: Parameters<typeof encodeValue>[0][]) => {
    const key = new SeriesKey();
    for (const value of values) {
      const bytes = encodeValue(value);
      key.value(view, bytes, 0, bytes.length);
    }
    return Buffer.from(key.bytes.subarray(0, key.length)).toString('hex');
  };
  for (const n of [0, 1, 9, 10, 127, 128, 200, 999, 16383, 16384, 2097151, 2097152, -1, 2 ** 40]) {
    assert.equal(of(n), of(String(n)), `${n}`);
  }
  assert.equal(of(true), of('true'));
  assert.equal(of('x'.repeat(200)), of('x'.repeat(200)));
  assert.notEqual(of('ab', 'c'), of('a', 'bc'));
  assert.equal(new Set(['a', 'b', 'ab', 'ba'].map((text) => keyOf(text).hash(3))).size, 4);
});

test('attributes are written back under another field', () => {
  const packed = packAttributes(
    new Map([
      ['k', encodeValue('v')],
      ['long', encodeValue('x'.repeat(300))],
    ]),
  );
  const w = new Writer();
  writePacked(w, 9, packed, 0, packed.length);
  const again = new Writer();
  for (const [key, value] of [
    ['k', 'v'],
    ['long', 'x'.repeat(300)],
  ] as const) {
    const at = again.open(9);
    again.stringField(1, key);
    again.bytesField(2, encodeValue(value));
    again.close(at);
  }
  assert.deepEqual(w.take(), again.take());
});

test('explicit buckets take their upper bound in', () => {
  const histograms = new ExplicitHistograms([1, 5, 10]);
  histograms.open(0);
  for (const value of [0, 1, 1.5, 5, 10, 11]) histograms.record(0, value, 2);
  const w = new Writer();
  histograms.write(w, 0);
  const text = Buffer.from(w.take()).toString('hex');
  const buckets = ['04', '04', '02', '02'].map((n) => n.padEnd(16, '0')).join('');
  assert.ok(text.includes(`3220${buckets}`), text);
  assert.equal(histograms.count(0), 12);
});

test('an exponential bucket holds its values, at every scale', () => {
  const value = fc.double({ min: 1e-300, max: 1e300, noNaN: true });
  fc.assert(
    fc.property(value, fc.integer({ min: -10, max: 20 }), (x, scale) => {
      const index = bucketIndex(x, scale);
      const exact = Math.log2(x) * 2 ** scale;
      // the bucket is (index, index + 1]; logarithms are right to a few units in the last place
      const slack = Math.abs(exact) * 1e-12 + 1e-9;
      assert.ok(exact >= index - slack && exact <= index + 1 + slack, `${x} ${scale} ${index}`);
    }),
    { numRuns: 500 },
  );
  for (let exponent = -20; exponent <= 20; exponent += 1) {
    for (const scale of [-3, 0, 1, 7, 20]) {
      const index = bucketIndex(2 ** exponent, scale);
      assert.equal(index, Math.ceil(exponent * 2 ** scale) - 1, `2^${exponent} at ${scale}`);
    }
  }
});

test('an exponential histogram is what counting at its last scale gives', () => {
  const value = fc.oneof(fc.constant(0), fc.double({ min: 1e-6, max: 1e6, noNaN: true }));
  const record = fc.tuple(value, fc.integer({ min: 1, max: 3 }));
  fc.assert(
    fc.property(
      fc.array(record, { maxLength: 60 }),
      fc.integer({ min: 2, max: 40 }),
      (list, size) => {
        const histogram = new ExponentialHistogram(size);
        for (const [x, times] of list) histogram.record(x, times);
        const positive = list.filter(([x]) => x > 0);
        const total = (some: typeof list) => some.reduce((sum, [, times]) => sum + times, 0);
        assert.equal(histogram.count, total(list));
        assert.equal(histogram.zeroCount, total(list) - total(positive));
        assert.ok(histogram.length <= size);
        const expected = new Map<number, number>();
        for (const [x, times] of positive) {
          const index = bucketIndex(x, histogram.scale);
          expected.set(index, (expected.get(index) ?? 0) + times);
        }
        for (let i = 0; i < histogram.length; i += 1) {
          assert.equal(histogram.countAt(i), expected.get(histogram.offset + i) ?? 0);
          expected.delete(histogram.offset + i);
        }
        assert.equal(expected.size, 0);
      },
    ),
    { numRuns: 300 },
  );
});

test('negative values have buckets of their own at the same scale', () => {
  const value = fc.double({ min: -1e6, max: 1e6, noNaN: true }).filter((x) => x !== 0);
  fc.assert(
    fc.property(fc.array(value, { maxLength: 40 }), (list) => {
      const both = new ExponentialHistogram(10);
      for (const x of list) both.record(x, 1);
      for (const [sign, buckets] of [[1, both.positive] as const, [-1, both.negative] as const]) {
        const counts = new Map<number, number>();
        for (const x of list.filter((one) => Math.sign(one) === sign)) {
          const index = bucketIndex(Math.max(Math.abs(x), 2 ** -1022), both.scale);
          counts.set(index, (counts.get(index) ?? 0) + 1);
        }
        const length = buckets?.length ?? 0;
        assert.ok(length <= 10);
        for (let i = 0; i < length; i += 1) {
          assert.equal(buckets!.at(i), counts.get(buckets!.offset + i) ?? 0);
          counts.delete(buckets!.offset + i);
        }
        assert.equal(counts.size, 0);
      }
    }),
    { numRuns: 200 },
  );
});
