import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Following } from './following.ts';

/** Timers that run when they are told to. */
function following() {
  const waiting = new Map<number, { readonly run: () => void; readonly ms: number }>();
  const written: string[] = [];
  let ids = 0;
  const rows = new Following({
    set: (run, ms) => {
      waiting.set(++ids, { run, ms });
      return ids;
    },
    clear: (id) => waiting.delete(id),
  });
  return {
    rows,
    written,
    show: (place: string, what: string) => rows.show(place, () => written.push(what)),
    waits: () => [...waiting.values()].map(({ ms }) => ms),
    pass: () => {
      for (const [id, { run }] of [...waiting]) {
        waiting.delete(id);
        run();
      }
    },
  };
}

test('other content is written at once, another place when scrolling rests', () => {
  const { show, waits, pass, written, rows } = following();
  show('0 20', 'first');
  assert.deepEqual(waits(), [0]);
  pass();
  show('5 25', 'scrolled');
  assert.deepEqual(waits(), [90]);
  show('9 29', 'scrolled on');
  assert.deepEqual(waits(), [90]);
  pass();
  rows.stale();
  show('9 29', 'others');
  assert.deepEqual(waits(), [0]);
  pass();
  assert.deepEqual(written, ['first', 'scrolled on', 'others']);
});

test('what was written already is not written again', () => {
  const { show, waits, pass, written } = following();
  show('0 20', 'first');
  pass();
  show('0 20', 'again');
  assert.deepEqual(waits(), []);
  assert.deepEqual(written, ['first']);
});

test('content that changes while older content waits to be written is written too', () => {
  const { show, pass, written, rows } = following();
  rows.stale();
  show('0 20', 'five rows');
  rows.stale();
  pass();
  show('0 20', 'nine rows');
  pass();
  assert.deepEqual(written, ['five rows', 'nine rows']);
});

test('what was scrolled past and back is not written, nor is anything after the end', () => {
  const { show, pass, written, rows } = following();
  show('0 20', 'first');
  pass();
  show('5 25', 'scrolled');
  show('0 20', 'back');
  pass();
  show('5 25', 'scrolled');
  rows.end();
  pass();
  assert.deepEqual(written, ['first']);
});
