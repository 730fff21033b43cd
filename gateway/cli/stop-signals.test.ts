import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import test from 'node:test';
import { sameSignalMs, stopSignal } from './stop-signals.ts';

function listen() {
  const source = new EventEmitter();
  const again: string[] = [];
  let nowMs = 5000;
  const first = stopSignal(
    source,
    () => nowMs,
    (signal) => again.push(signal),
  );
  const send = (signal: string, atMs: number) => {
    nowMs = 5000 + atMs;
    source.emit(signal);
  };
  return { first, again, send };
}

test('a signal that comes twice by two ways is one', async () => {
  const { first, again, send } = listen();
  send('SIGINT', 0);
  send('SIGINT', 1);
  send('SIGINT', sameSignalMs - 1);
  assert.equal(await first, 'SIGINT');
  assert.deepEqual(again, []);
});

test('the same signal later is a second one', async () => {
  const { first, again, send } = listen();
  send('SIGTERM', 0);
  send('SIGTERM', sameSignalMs);
  assert.equal(await first, 'SIGTERM');
  assert.deepEqual(again, ['SIGTERM']);
});

test('another signal is a second one at once', () => {
  const { again, send } = listen();
  send('SIGTERM', 0);
  send('SIGINT', 1);
  assert.deepEqual(again, ['SIGINT']);
});
