import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { SqlError } from '../sql.ts';
import { findNewest, type SearchWindow } from './newest.ts';

const second = 1_000_000_000n;

/** A store of traces at whole seconds; a read of more than `maxRows` of them fails. */
function store(times: readonly number[]): { search: SearchWindow; calls: () => number } {
  let calls = 0;
  const search: SearchWindow = async (window, wanted, maxRows = Number.POSITIVE_INFINITY) => {
    calls++;
    const found = times.filter((t) => {
      const ns = BigInt(t) * second;
      return ns >= window.fromNs && ns <= window.toNs;
    });
    if (found.length > maxRows / 40_000) {
      const details = { code: 158, retryable: false, outcome: 'failed', queryId: '' } as const;
      throw new SqlError('too many rows', details);
    }
    return found
      .sort((a, b) => b - a)
      .slice(0, wanted)
      .map(String);
  };
  return { search, calls: () => calls };
}

test('the newest are found, whether they are rare or not', async () => {
  const cases = fc.record({
    times: fc.uniqueArray(fc.nat(100_000), { maxLength: 60 }),
    limit: fc.integer({ min: 1, max: 20 }),
    rare: fc.boolean(),
  });
  await fc.assert(
    fc.asyncProperty(cases, async ({ times, limit, rare }) => {
      const { search } = store(times);
      const query = { startMinNs: 0n, startMaxNs: 100_000n * second, limit };
      const { ids, searchedFromNs } = await findNewest(query, search, { rare: () => rare });
      const expected = times.toSorted((a, b) => b - a).map(String);
      assert.deepEqual(ids.slice(0, limit), expected.slice(0, limit));
      assert.equal(ids.length > limit, expected.length > limit);
      assert.equal(searchedFromNs, undefined);
    }),
    { numRuns: 300 },
  );
});

test('what is not there takes few searches', async () => {
  const query = { startMinNs: 0n, startMaxNs: 4_000n * second, limit: 20 };
  const { search, calls } = store([]);
  assert.deepEqual(await findNewest(query, search, { rare: () => true }), { ids: [] });
  assert.equal(calls(), 3);
});

test('other failures are told', async () => {
  const failing: SearchWindow = async () => {
    const details = { code: 241, retryable: false, outcome: 'failed', queryId: '' } as const;
    throw new SqlError('memory', details);
  };
  const query = { startMinNs: 0n, startMaxNs: 4_000n * second, limit: 20 };
  await assert.rejects(findNewest(query, failing, { rare: () => true }), /memory/);
});

test('out of time it tells how far it came', async () => {
  const query = { startMinNs: 0n, startMaxNs: 4_000n * second, limit: 20 };
  const slowAfter = (times: readonly number[], calls: number): SearchWindow => {
    const { search } = store(times);
    let left = calls;
    return (...args) => {
      if (left-- > 0) return search(...args);
      const details = { code: 159, retryable: true, outcome: 'unknown', queryId: '' } as const;
      throw new SqlError('too slow', details);
    };
  };
  const { ids, searchedFromNs } = await findNewest(query, slowAfter([3_999], 2));
  assert.deepEqual(ids, ['3999']);
  assert.ok(searchedFromNs !== undefined && searchedFromNs > 0n && searchedFromNs % second === 0n);
  await assert.rejects(findNewest(query, slowAfter([], 1)), {
    reason: 'timeout',
    message:
      /^cannot search the whole time range: out of time, nothing found since 1970-01-01T01:0/,
  });
  await assert.rejects(findNewest(query, slowAfter([], 0)), /too slow/);
});
