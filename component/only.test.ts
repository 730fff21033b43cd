import assert from 'node:assert/strict';
import test from 'node:test';
import { testSettings } from '../testing/settings.ts';
import { collectingSink } from '../testing/sinks.ts';
import { connectorOfSame, connectorOnly, createOnly } from './only.ts';

const settings = testSettings();
const nothing = { mutates: false, async start() {}, async shutdown() {}, async consume() {} };

test('only the signals that a component knows reach its own create', () => {
  const seen: string[] = [];
  const processor = createOnly('a', ['traces', 'logs'], (signal) => {
    seen.push(signal);
    return nothing;
  });
  processor('logs', settings, {}, collectingSink());
  assert.throws(
    () => processor('metrics', settings, {}, collectingSink()),
    /BUG: a in a pipeline of metrics/,
  );
  const next = { ...collectingSink(), pipelines: new Map() };
  const connector = connectorOnly('b', ['traces', 'logs'], 'metrics', (from) => {
    seen.push(`from ${from}`);
    return nothing;
  });
  connector('traces', 'metrics', settings, {}, next);
  for (const [from, to] of [
    ['metrics', 'metrics'],
    ['traces', 'traces'],
  ] as const) {
    assert.throws(() => connector(from, to, settings, {}, next), /BUG: b between pipelines/);
  }
  const same = connectorOfSame('c', (signal) => {
    seen.push(`same ${signal}`);
    return nothing;
  });
  same('logs', 'logs', settings, {}, next);
  assert.throws(() => same('logs', 'traces', settings, {}, next), /of logs and traces/);
  assert.deepEqual(seen, ['logs', 'from traces', 'same logs']);
});
