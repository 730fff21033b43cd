import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Bindings, endKey } from './bindings.ts';
import { ProcessTable } from './process-table.ts';

test('processes: as a list of all lives would answer', () => {
  const step = fc.record({
    pid: fc.integer({ min: 1, max: 4 }),
    what: fc.constantFrom('begin', 'end'),
    after: fc.integer({ min: 1, max: 5 }),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 25 }), (steps) => {
      const table = new ProcessTable({ lives: 1000, keepEnded: 1e9 });
      const model: { pid: number; from: number; until: number }[] = [];
      let now = 0;
      for (const { pid, what, after } of steps) {
        now += after;
        const open = model.findLast((life) => life.pid === pid && life.until > now);
        if (open !== undefined) open.until = now;
        if (what === 'begin') {
          table.begin(pid, now);
          model.push({ pid, from: now, until: Number.POSITIVE_INFINITY });
        } else if (table.last(pid) !== undefined) table.end(table.last(pid)!, now);
      }
      for (let pid = 1; pid <= 4; pid++) {
        const lives = model.filter((life) => life.pid === pid).slice(-8);
        for (let at = 0; at <= now + 1; at += 0.5) {
          const life = lives.findLast(({ from }) => from <= at);
          const expected = life !== undefined && life.until >= at ? life.from : undefined;
          assert.equal(table.at(pid, at)?.from, expected, `pid ${pid} at ${at}`);
        }
      }
    }),
  );
});

test('processes: bounded whatever happens, expired when their time is over', () => {
  const step = fc.record({
    pid: fc.integer({ min: 1, max: 50 }),
    what: fc.constantFrom('begin', 'end', 'touch', 'expire'),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 300 }), (steps) => {
      const table = new ProcessTable({ lives: 10, keepEnded: 5 });
      for (const [now, { pid, what }] of steps.entries()) {
        const last = table.last(pid);
        if (what === 'begin') table.begin(pid, now);
        else if (what === 'touch') table.touch(pid);
        else if (what === 'expire') table.expire(now);
        else if (last !== undefined) table.end(last, now);
        assert.ok(table.size <= 10);
      }
      for (const life of [...table.running()]) table.end(life, 1000);
      table.expire(2000);
      assert.equal(table.size, 0);
    }),
  );
});

test('bindings: bounded, the oldest end goes first', () => {
  const bindings = new Bindings(100);
  for (let port = 1; port <= 1000; port++) {
    bindings.bind(endKey('10.0.0.1', port, 'tcp'), port, 1, port);
    bindings.bind(endKey('10.0.0.1', 1, 'tcp'), 5000 + port, 1, port);
  }
  assert.ok(bindings.size <= 100);
  const owner = (port: number, at: number) =>
    bindings.owner(endKey('10.0.0.1', port, 'tcp'), '10.0.0.1', 1, at);
  assert.equal(owner(1000, 2000), 1000);
  assert.equal(owner(1, 2000), 6000);
  assert.equal(owner(500, 2000), undefined);
});
