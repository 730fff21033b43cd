import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TraceQuery, TraceReader, TraceSummary } from '../storage/traces/reader.ts';
import { findJoined } from './find-joined.ts';

function summary(n: number): TraceSummary {
  return {
    traceId: n.toString(16).padStart(32, '0'),
    rootServiceName: 's',
    rootOperationName: 'o',
    startUnixNano: BigInt(1_000_000 - n),
    endUnixNano: 1_000_001n,
    spanCount: 1,
    errorSpanCount: 0,
    orphanSpanCount: 0,
    services: [],
  };
}

/** A store of `stored` traces of one span, of which `each` belong together. */
function reader(stored: number, each: number, asked: number[]): TraceReader {
  const all = Array.from({ length: stored }, (_, n) => summary(n));
  return {
    services: () => assert.fail(),
    operations: () => assert.fail(),
    getTraces: () => assert.fail(),
    dependencies: () => assert.fail(),
    async findTraces({ limit }: TraceQuery) {
      asked.push(limit);
      return { traces: all.slice(0, limit), truncated: stored > limit };
    },
    async joinFound(traces) {
      const groups = new Map(traces.map((t) => [Math.floor(all.indexOf(t) / each), t]));
      return [...groups.values()];
    },
  };
}

const query = (limit: number): TraceQuery => ({ startMinNs: 0n, startMaxNs: 10n, limit });

test('where many traces are one, more are searched for', async () => {
  const asked: number[] = [];
  const { traces, truncated } = await findJoined(reader(100_000, 42, asked), query(50));
  assert.equal(traces.length, 50);
  assert.equal(truncated, true);
  assert.deepEqual(asked, [50, 1563, 2571]);
});

test('one search is enough where nothing is joined, or there is nothing more', async () => {
  const asked: number[] = [];
  const plain = await findJoined(reader(1000, 1, asked), query(50));
  assert.deepEqual([plain.traces.length, plain.truncated], [50, true]);
  const few = await findJoined(reader(40, 20, asked), query(50));
  assert.deepEqual([few.traces.length, few.truncated], [2, false]);
  assert.deepEqual(asked, [50, 50]);
});

test('the search ends at its bounds, and says that there is more', async () => {
  const asked: number[] = [];
  const { traces, truncated } = await findJoined(reader(1_000_000, 5000, asked), query(50));
  assert.deepEqual(asked, [50, 3125, 5000]);
  assert.deepEqual([traces.length, truncated], [1, true]);
});

test('a reader that cannot join gives what it finds', async () => {
  const { joinFound: _, ...plain } = reader(100, 10, []);
  const { traces } = await findJoined(plain, query(20));
  assert.equal(traces.length, 20);
});
