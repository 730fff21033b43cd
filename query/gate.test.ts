import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Gate } from './gate.ts';

test('a gate lets some run, some wait in their order, and refuses the rest', async () => {
  const gate = new Gate(2, 2, () => new Error('busy'));
  const order: number[] = [];
  const ends: (() => void)[] = [];
  const call = (i: number) =>
    gate.run(async () => {
      order.push(i);
      await new Promise<void>((resolve) => {
        ends.push(resolve);
      });
      if (i === 1) throw new Error('failed');
      return i;
    });
  const calls = [0, 1, 2, 3].map((i) => call(i).catch((error: Error) => error.message));
  await assert.rejects(call(4), /^Error: busy$/);
  assert.deepEqual(order, [0, 1]);
  for (const i of [0, 1, 2, 3]) {
    while (ends[i] === undefined) await new Promise((resolve) => setImmediate(resolve));
    ends[i]();
  }
  assert.deepEqual(await Promise.all(calls), [0, 'failed', 2, 3]);
  assert.deepEqual(order, [0, 1, 2, 3]);
});
