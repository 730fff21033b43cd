import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RowsAnswer, TraceRow } from '../../../../../query/web/contract/trace.ts';
import { RowWindows, windowRows } from './row-windows.ts';

interface Asked {
  readonly offset: number;
  readonly signal: AbortSignal;
  readonly answer: (more?: Partial<RowsAnswer>) => Promise<void>;
  readonly fail: () => Promise<void>;
}

function windows(total: number) {
  const asked: Asked[] = [];
  const said = { changed: 0, stale: '', failed: 0 };
  const rows = new RowWindows({
    version: 'v',
    load: (offset, limit, signal) => {
      const { promise, resolve, reject } = Promise.withResolvers<RowsAnswer>();
      const count = Math.max(0, Math.min(limit, total - offset));
      const list = Array.from({ length: count }, (_, i) => ({ index: offset + i }) as TraceRow);
      const whole = { version: 'v', offset, rows: list, total, matches: 7 };
      asked.push({
        offset,
        signal,
        answer: async (more = {}) => {
          resolve({ ...whole, previousMatch: null, nextMatch: null, ...more });
          await promise.then(() => Promise.resolve());
        },
        fail: async () => {
          reject(new Error('down'));
          await promise.catch(() => Promise.resolve());
        },
      });
      return promise;
    },
    changed: () => said.changed++,
    stale: (version) => {
      said.stale = version;
    },
    failed: () => said.failed++,
  });
  return { rows, asked, said };
}

test('what is looked at is loaded first, then what is beside it', async () => {
  const { rows, asked, said } = windows(100_000);
  rows.want(0, 40);
  assert.deepEqual(
    asked.map((a) => a.offset),
    [0],
  );
  assert.equal(rows.ready, false);
  await asked[0]!.answer();
  assert.deepEqual([rows.total, rows.matches, said.changed], [100_000, 7, 1]);
  assert.equal(rows.row(39)?.index, 39);
  assert.equal(rows.row(windowRows), undefined);
  rows.want(600, 640);
  assert.deepEqual(
    asked.slice(1).map((a) => a.offset),
    [600, 900, 300],
  );
  rows.want(600, 640);
  assert.equal(asked.length, 4);
});

test('what was scrolled past is given up', async () => {
  const { rows, asked } = windows(100_000);
  rows.want(0, 40);
  await asked[0]!.answer();
  rows.want(30_000, 30_040);
  const passed = asked.slice(1);
  rows.want(60_000, 60_040);
  assert.ok(passed.every((a) => a.signal.aborted));
  await passed[0]!.answer();
  assert.equal(rows.row(30_000), undefined);
});

test('memory has a limit, and what was used lately stays', async () => {
  const { rows, asked } = windows(100_000);
  for (let at = 0; at < 100_000; at += windowRows) {
    rows.want(at, at + 10);
    for (const one of asked.splice(0)) await one.answer();
  }
  assert.equal(rows.row(0), undefined);
  assert.equal(rows.row(99_999)?.index, 99_999);
});

test('another version, and a program that does not answer', async () => {
  const first = windows(10);
  first.rows.want(0, 9);
  await first.asked[0]!.answer({ version: 'w', rows: [] });
  assert.equal(first.said.stale, 'w');
  first.rows.want(0, 9);
  assert.equal(first.asked.length, 1);
  const second = windows(10);
  for (let i = 0; i < 5; i++) {
    second.rows.want(0, 9);
    await second.asked[i]?.fail();
  }
  assert.deepEqual([second.asked.length, second.said.failed], [3, 3]);
});
