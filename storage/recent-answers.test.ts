import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RecentAnswers } from './recent-answers.ts';

function shared(maxEntries = 2) {
  const clock = { ms: 0 };
  const answers = new RecentAnswers({ now: () => clock.ms, maxAgeMs: 100, maxEntries });
  const asked: string[] = [];
  const get = (key: string, answer: Promise<number> = Promise.resolve(asked.length)) =>
    answers.get(key, () => {
      asked.push(key);
      return answer;
    });
  return { clock, asked, get };
}

test('who asks the same at the same time shares one answer', async () => {
  const { asked, get } = shared();
  const waiting = Promise.withResolvers<number>();
  const both = [get('a', waiting.promise), get('a')];
  waiting.resolve(7);
  assert.deepEqual(await Promise.all(both), [7, 7]);
  assert.deepEqual(asked, ['a']);
});

test('an answer is given again until it is too old', async () => {
  const { clock, asked, get } = shared();
  await get('a');
  clock.ms = 99;
  await get('a');
  assert.equal(asked.length, 1);
  clock.ms = 100;
  await get('a');
  assert.equal(asked.length, 2);
});

test('an answer that took long is not old when it comes', async () => {
  const { clock, asked, get } = shared();
  const waiting = Promise.withResolvers<number>();
  const first = get('a', waiting.promise);
  clock.ms = 500;
  await Promise.resolve();
  waiting.resolve(1);
  await first;
  clock.ms = 550;
  await get('a');
  assert.deepEqual(asked, ['a']);
});

test('a clock that is set back makes answers old', async () => {
  const { clock, asked, get } = shared();
  clock.ms = 5_000;
  await get('a');
  clock.ms = 1_000;
  await get('a');
  assert.equal(asked.length, 2);
});

test('failures are told to all who wait, and not kept', async () => {
  const { asked, get } = shared();
  const fault = new Error('down');
  const both = [get('a', Promise.reject(fault)), get('a')];
  for (const one of both) await assert.rejects(one, fault);
  assert.equal(asked.length, 1);
  assert.equal(await get('a', Promise.resolve(3)), 3);
});

test('the one asked for longest ago goes first', async () => {
  const { asked, get } = shared();
  await get('a');
  await get('b');
  await get('a');
  await get('c');
  await get('a');
  assert.deepEqual(asked, ['a', 'b', 'c']);
  await get('b');
  assert.deepEqual(asked, ['a', 'b', 'c', 'b']);
});
