import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import type { StoredTrace } from '../../../storage/traces/model.ts';
import { ReadError, type TraceReader } from '../../../storage/traces/reader.ts';
import { type Sketch, sketches } from './testing/spans.ts';
import { TraceCache } from './trace-cache.ts';

const id = (n: number): string => n.toString(16).padStart(32, '0');

function stored(traceId: string, spans: readonly Sketch[]): StoredTrace {
  return { traceId, spans: sketches(spans), truncated: false };
}

function cacheOf(getTraces: TraceReader['getTraces'], maxBytes?: number) {
  const none = () => Promise.reject(new ReadError('not made', 'internal'));
  const reader = { services: none, operations: none, findTraces: none, dependencies: none };
  const clock = { ms: 0 };
  const size = maxBytes === undefined ? {} : { maxBytes };
  const cache = new TraceCache({ reader: { ...reader, getTraces }, now: () => clock.ms, ...size });
  return { cache, clock };
}

test('of many traces that are opened at once few are read at once', async () => {
  const reads: { id: string; answer: (trace: StoredTrace[]) => void }[] = [];
  const { cache } = cacheOf(([one]) => {
    const { promise, resolve } = Promise.withResolvers<StoredTrace[]>();
    reads.push({ id: one!, answer: resolve });
    return promise;
  });
  const opened = [1, 2, 3, 4, 5].map((n) => cache.open(id(n), { adjust: false }));
  await setImmediate();
  assert.equal(reads.length, 2);
  for (let done = 0; done < 5; done++) {
    while (reads.length === done) await setImmediate();
    const { id: one, answer } = reads[done]!;
    answer([stored(one, [{ id: 1, from: 0, to: 10 }])]);
  }
  const traces = await Promise.all(opened);
  assert.deepEqual(
    traces.map(({ traceId }) => traceId),
    [1, 2, 3, 4, 5].map(id),
  );
});

test('a trace that is not there or cannot be read leaves room for the next ones', async () => {
  let failure: Error | undefined = new ReadError('down', 'unavailable');
  const { cache } = cacheOf(async ([one]) => {
    if (failure !== undefined) throw failure;
    return one === id(9) ? [stored(one, [{ id: 1, from: 0, to: 10 }])] : [];
  });
  for (let i = 0; i < 5; i++) await assert.rejects(cache.open(id(i), { adjust: false }), failure);
  failure = undefined;
  for (let i = 0; i < 5; i++) {
    await assert.rejects(cache.open(id(i), { adjust: false }), /no trace/);
  }
  assert.equal((await cache.open(id(9), { adjust: false })).spanCount, 1);
});

test('names count as bytes, so that traces with long ones do not stay', async () => {
  const long = 'n'.repeat(100_000);
  const { cache } = cacheOf(
    async ([one]) => [stored(one!, [{ id: 1, from: 0, to: 10, name: long }])],
    250_000,
  );
  const versions: string[] = [];
  for (const n of [1, 2, 3]) {
    const trace = await cache.open(id(n), { adjust: false });
    await trace.packed();
    versions.push(trace.version);
  }
  const kept = [1, 2, 3].map((n, i) => cache.kept(id(n), versions[i]!) !== undefined);
  assert.deepEqual(kept, [false, true, true]);
});

test('a trace that is read again and is the same stays as it was opened', async () => {
  const { cache, clock } = cacheOf(async ([one]) => [stored(one!, [{ id: 1, from: 0, to: 10 }])]);
  const first = await cache.open(id(1), { adjust: false });
  clock.ms = 10_000;
  assert.equal(await cache.open(id(1), { adjust: false }), first);
  assert.match((await first.packed()).json(0), /"name":"span 1"/);
});
