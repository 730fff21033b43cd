import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { StoredTrace } from '../storage/traces/model.ts';
import { type ManyTraces, manyTraces } from './testing/many-traces.ts';
import { begun, WholeTraces, withinSpans } from './whole-traces.ts';

async function readAll({ reader, ids }: ManyTraces, maxSpans = 200_000, spanCount?: number) {
  const wanted = ids.map((traceId) =>
    spanCount === undefined ? { traceId } : { traceId, spanCount },
  );
  const reading = new WholeTraces(wanted, { reader, maxSpans, distinct: true });
  const traces = await Array.fromAsync(reading.read());
  return { reading, spans: traces.map((trace) => trace.spans.length) };
}

test('traces are read a few at a time, as many as have few spans together', async () => {
  const small = manyTraces(new Array<number>(500).fill(3));
  const read = await readAll(small, 200_000, 3);
  assert.deepEqual(read.spans, new Array(500).fill(3));
  assert.deepEqual(small.asked, [200, 200, 100]);
  assert.equal(read.reading.cutOff, false);
  const large = manyTraces(new Array<number>(12).fill(4_000));
  assert.equal((await readAll(large, 200_000, 4_000)).spans.length, 12);
  assert.deepEqual(large.asked, [2, 2, 2, 2, 2, 2]);
});

test('traces with more spans than was known are read in smaller parts', async () => {
  const many = manyTraces(new Array<number>(40).fill(4_000));
  const { spans, reading } = await readAll(many);
  assert.deepEqual(spans, new Array(40).fill(4_000));
  assert.ok(many.most <= 20_000, `${many.most} spans at once`);
  assert.equal(reading.cutOff, false);
});

test('what is over the most spans of an answer is cut off and said', async () => {
  const many = manyTraces([4, 5, 6, 7]);
  const { spans, reading } = await readAll(many, 10);
  assert.deepEqual(spans, [4, 5, 1]);
  assert.deepEqual(reading.leftOut, many.ids.slice(3));
  assert.equal(reading.cutOff, true);
  assert.equal(reading.count, 3);
  const one = await readAll(manyTraces([50]), 10);
  assert.deepEqual([one.spans, one.reading.leftOut, one.reading.cutOff], [[10], [], true]);
});

test('the next traces are read when those before were taken', async () => {
  const many = manyTraces(new Array<number>(100).fill(5_000));
  const wanted = many.ids.map((traceId) => ({ traceId, spanCount: 5_000 }));
  const reading = new WholeTraces(wanted, { ...many, maxSpans: 1e6, distinct: true });
  for await (const _ of reading.read()) if (reading.count === 3) break;
  assert.deepEqual(many.asked, [2, 2]);
});

test('a failure of one trace is its own, not a reason to ask again', async () => {
  const many = manyTraces([1, 1, 1], { broken: 1 });
  await assert.rejects(readAll(many), { reason: 'unavailable' });
  assert.equal(many.asked.length, 1);
});

test('of traces that are one the first is given', async () => {
  const { reader, ids } = manyTraces([1, 1, 1, 1]);
  const together = ids.slice(0, 3);
  const getTraces = async (asked: readonly string[]): Promise<StoredTrace[]> => {
    const traces = await reader.getTraces(asked);
    return traces.map((t) => (together.includes(t.traceId) ? { ...t, ids: together } : t));
  };
  const wanted = ids.map((traceId, n) => ({ traceId, spanCount: n < 2 ? 1 : 9_999 }));
  const read = async (distinct: boolean) => {
    const options = { reader: { ...reader, getTraces }, maxSpans: 10, distinct };
    return (await Array.fromAsync(new WholeTraces(wanted, options).read())).map((t) => t.traceId);
  };
  assert.deepEqual(await read(true), [ids[0], ids[3]]);
  assert.deepEqual(await read(false), ids);
});

test('the first traces within some spans, and the first of all', () => {
  const traces = [5, 3, 4].map((spanCount) => ({ traceId: '', spanCount }));
  const counts = (most: number) => withinSpans(traces, most).map((trace) => trace.spanCount);
  assert.deepEqual(counts(12), [5, 3, 4]);
  assert.deepEqual(counts(11), [5, 3]);
  assert.deepEqual(counts(1), [5]);
  assert.deepEqual(withinSpans([], 1), []);
});

test('what fails at once fails before it is begun', async () => {
  async function* items(fails: boolean): AsyncGenerator<number> {
    if (fails) throw new Error('no');
    yield 1;
    yield 2;
  }
  async function* none(): AsyncGenerator<number> {}
  await assert.rejects(begun(items(true)), /no/);
  assert.equal(await begun(none()), undefined);
  assert.deepEqual(await Array.fromAsync((await begun(items(false)))!), [1, 2]);
});
