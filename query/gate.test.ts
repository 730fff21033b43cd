import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Gate, type Place } from './gate.ts';

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

test('a call that yields is ended for one that waits, the first to yield first', async () => {
  const gate = new Gate(2, 9, () => new Error('busy'));
  const order: string[] = [];
  const places: Place[] = [];
  const ends: (() => void)[] = [];
  const call = (name: string) =>
    gate.run(async (place) => {
      order.push(name);
      places.push(place);
      await new Promise<void>((resolve) => {
        ends.push(resolve);
      });
      order.push(`${name} ended`);
    });
  const turn = () => new Promise((resolve) => setImmediate(resolve));
  const calls = [call('a'), call('b')];
  await turn();
  const stay = places[0]!.yields(() => assert.fail('a stays'));
  places[1]!.yields(() => ends[1]!());
  stay();
  calls.push(call('c'));
  await turn();
  assert.deepEqual(order, ['a', 'b', 'b ended', 'c']);
  calls.push(call('d'));
  await turn();
  assert.equal(order.length, 4);
  places[0]!.yields(() => ends[0]!());
  await turn();
  assert.deepEqual(order.slice(4), ['a ended', 'd']);
  places[2]!.yields(() => assert.fail('nobody waits'));
  ends.forEach((end) => void end());
  await Promise.all(calls);
});
