import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type QueryOptions, SqlError } from '../sql.ts';
import { firstWindow, PartList } from './parts.ts';

const second = 1_000_000_000n;
const range = (from: number, to: number) => ({
  fromNs: BigInt(from) * second,
  toNs: BigInt(to) * second,
});
const part = (firstBucket: number, lastBucket: number, rows: number) => ({
  firstBucket,
  lastBucket,
  rows,
});

test('the first stretch ends with the newest bucket and holds rows enough', () => {
  const window = (from: number, to: number, ...parts: ReturnType<typeof part>[]) => {
    const found = firstWindow(parts, range(from, to));
    return found && [Number(found.fromNs / second), Number((found.toNs + 1n) / second)];
  };
  assert.equal(window(0, 1_000), undefined);
  assert.equal(window(500, 1_000, part(0, 490, 10)), undefined);
  assert.equal(window(0, 1_000, part(2_000, 3_000, 10)), undefined);
  assert.deepEqual(window(0, 5_000, part(0, 998, 5_000_000)), [998, 1_000]);
  assert.deepEqual(window(0, 5_000, part(0, 998, 1_000_000)), [992, 1_000]);
  assert.deepEqual(window(0, 505, part(0, 998, 5_000_000)), [504, 506]);
  assert.deepEqual(window(0, 5_000, part(0, 998, 0), part(0, 998, 5_000_000)), [998, 1_000]);
  const few = window(0, 5_000, part(0, 998, 10));
  assert.ok(few![0]! <= 0 && few![1] === 1_000);
});

test('parts are asked for anew when they are old; no answer is no part', async () => {
  let asked = 0;
  let now = 0;
  const client = {
    query: async (_: string, { timeoutMs }: QueryOptions) => {
      assert.equal(timeoutMs, 500, 'half of the time is left for what the list is for');
      asked++;
      if (asked > 1)
        throw new SqlError('no', { code: 497, retryable: false, outcome: 'failed', queryId: '' });
      return new Uint8Array([1, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0]);
    },
  };
  const list = new PartList(client as never, 'd', () => now);
  const deadline = () => ({ timeoutMs: 1_000 });
  assert.deepEqual(await list.list(deadline), [part(1, 2, 3)]);
  now = 4_999;
  assert.deepEqual(await list.list(deadline), [part(1, 2, 3)]);
  assert.equal(asked, 1);
  now = 5_000;
  assert.deepEqual(await list.list(deadline), []);
  assert.equal(asked, 2);
});
