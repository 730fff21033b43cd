import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { otlpJsonTraces } from '../../shown/stored-from-otlp.ts';
import { findMatches } from './matches.ts';
import { OpenTrace } from './open-trace.ts';
import { traceJson } from './otlp-export.ts';
import { PackedSpans } from './packed-spans.ts';
import { type Sketch, sketches, traceId } from './testing/spans.ts';

/** More than two blocks, of three services in turn. */
const many = Array.from({ length: 300 }, (_, i): Sketch => {
  const service = ['web', 'pay', 'db'][i % 3]!;
  return { id: i + 1, from: i, to: i + 10, service, attributes: { n: `number ${i}` } };
});

test('each span is given back, and all of them by resource', async () => {
  const spans = sketches(many);
  const packed = await PackedSpans.pack(spans);
  for (const [i, span] of spans.entries()) {
    const json = JSON.parse(packed.json(i)) as { spanId: string };
    assert.equal(json.spanId, span.spanId);
    assert.match(packed.group(i).resource, new RegExp(many[i]!.service!));
  }
  assert.equal(packed.groups.length, 3);
  const whole = Buffer.from([...traceJson(packed)].join(''));
  const [trace] = otlpJsonTraces(whole);
  assert.equal(trace!.spans.length, 300);
  assert.ok(packed.bytes < whole.length / 3);
});

test('no spans at all', async () => {
  const packed = await PackedSpans.pack([]);
  assert.deepEqual(JSON.parse([...traceJson(packed)].join('')), { resourceSpans: [] });
});

test('a text is found in just the spans that have it, whatever it is', async () => {
  const trace = new OpenTrace({ traceId, spans: sketches(many), truncated: false }, false);
  const found = async (text: string): Promise<number[]> => {
    const { row } = await findMatches(trace.layout, () => trace.packed(), { text });
    return [...row.keys()].filter((i) => row[i] === 1);
  };
  assert.deepEqual(await found('NUMBER 299'), [299]);
  assert.deepEqual((await found('number 12')).length, 11);
  assert.deepEqual(await found('no such text'), []);
});

test('odd texts in attributes are found as they are', async () => {
  await fc.assert(
    fc.asyncProperty(fc.string({ unit: 'binary', minLength: 3, maxLength: 20 }), async (value) => {
      const spans = sketches([
        { id: 1, from: 0, to: 10, attributes: { odd: value } },
        { id: 2, parent: 1, from: 1, to: 2 },
      ]);
      const trace = new OpenTrace({ traceId, spans, truncated: false }, false);
      const matches = await findMatches(trace.layout, () => trace.packed(), { text: value });
      assert.equal(matches.row[0], 1);
    }),
    { numRuns: 40 },
  );
});
