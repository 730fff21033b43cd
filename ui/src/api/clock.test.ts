import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ProgramClock } from './clock.ts';

function clockOf(answers: (string | Error)[], browserMs: number) {
  const time = { ms: browserMs };
  let asked = 0;
  const ask = async () => {
    const answer = answers[asked++];
    if (typeof answer === 'string') return answer;
    throw answer;
  };
  return { time, asked: () => asked, clock: new ProgramClock(ask, () => time.ms) };
}

test('a browser whose clock is off tells the time of the program, asked for once', async () => {
  const { clock, time, asked } = clockOf(['7200000000000'], 3_600_000);
  assert.equal(clock.nowMs(), 3_600_000);
  assert.deepEqual(await Promise.all([clock.now(), clock.now()]), [7_200_000, 7_200_000]);
  time.ms += 5000;
  assert.equal(clock.nowMs(), 7_205_000);
  assert.equal(await clock.now(), 7_205_000);
  assert.equal(asked(), 1);
});

test('what it hears later counts; small differences do not', async () => {
  const { clock } = clockOf([], 10_000);
  clock.heard('5000000000');
  assert.equal(await clock.now(), 5000);
  clock.heard('10400000000');
  assert.equal(await clock.now(), 10_000);
});

test('without an answer it is the time of the browser, and asks again', async () => {
  const { clock, asked } = clockOf([new Error('gone'), '50000000000'], 10_000);
  assert.equal(await clock.now(), 10_000);
  assert.equal(await clock.now(), 50_000);
  assert.equal(asked(), 2);
});
