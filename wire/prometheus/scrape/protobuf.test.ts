import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Family } from '../exposition/model.ts';
import { writeProtobuf } from '../exposition/protobuf.ts';
import { writeText } from '../exposition/text.ts';
import { Exposition } from './exposition.ts';
import { ScrapeFault } from './fault.ts';
import { type ProtobufOptions, readProtobuf } from './protobuf.ts';
import { entriesOf, readText } from './testing.ts';

const classic: ProtobufOptions = { natives: false, classics: false };

const families: readonly Family[] = [
  {
    name: 'c_total',
    help: 'A \\ counter',
    type: 'counter',
    metrics: [
      { labels: [['a', 'b']], timeMs: 1234, value: { kind: 'number', value: 2 ** 40 } },
      { labels: [], value: { kind: 'number', value: 0.5 } },
    ],
  },
  {
    name: 's',
    help: '',
    type: 'summary',
    metrics: [
      {
        labels: [['z', 'y']],
        value: { kind: 'summary', count: 3n, sum: 1.5, quantiles: [[0.5, 1]] },
      },
    ],
  },
  {
    name: 'h',
    help: 'help',
    type: 'histogram',
    metrics: [
      {
        labels: [],
        value: {
          kind: 'histogram',
          count: 6n,
          sum: 2,
          buckets: [
            { bound: 1, count: 2n },
            { bound: Number.POSITIVE_INFINITY, count: 6n },
          ],
          native: {
            schema: 3,
            zeroThreshold: 0.5,
            zeroCount: 1n,
            positive: { offset: -1, counts: [2n, 0n, 3n] },
            negative: { offset: 0, counts: [] },
            exemplars: [],
          },
        },
      },
    ],
  },
];

const read = (options: ProtobufOptions, bytes = writeProtobuf(families)) => {
  const out = new Exposition(1);
  readProtobuf(Buffer.from(bytes), out, options);
  return out;
};

test('the same families in protobuf and text are the same series', () => {
  const samples = (entries: readonly unknown[][]) =>
    entries
      .filter(([kind]) => kind === 'sample')
      .map((one) => JSON.stringify(one))
      .sort();
  const text = readText('classic', writeText(families, 'text'))!;
  assert.deepEqual(samples(entriesOf(read(classic))), samples(text));
});

test('native histograms where they are asked for, beside classic ones or not', () => {
  const only = read({ natives: true, classics: false });
  assert.deepEqual(
    [...only.natives.values()].map(({ positive, schema, count, zeroCount, zeroThreshold }) => ({
      positive: positive.filter((n) => n > 0),
      schema,
      count,
      zeroCount,
      zeroThreshold,
    })),
    [{ positive: [2, 3], schema: 3, count: 6, zeroCount: 1, zeroThreshold: 0.5 }],
  );
  const both = read({ natives: true, classics: true });
  assert.equal(both.count - only.count, 4);
});

test('whatever comes is read or refused', () => {
  const good = writeProtobuf(families);
  const edit = fc.tuple(fc.nat(good.length - 1), fc.nat(255));
  fc.assert(
    fc.property(fc.array(edit, { maxLength: 5 }), fc.nat(good.length), (edits, length) => {
      const bytes = Buffer.from(good).subarray(0, length);
      for (const [at, value] of edits) if (at < length) bytes[at] = value;
      try {
        read({ natives: true, classics: true }, bytes);
      } catch (error) {
        assert.ok(error instanceof ScrapeFault, String(error));
      }
    }),
    { numRuns: 1000 },
  );
});
