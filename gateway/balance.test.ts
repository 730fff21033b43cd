import assert from 'node:assert/strict';
import test from 'node:test';
import { Ledger } from '../pipeline/ledger.ts';
import { listLogger } from '../testing/settings.ts';
import { logBalance } from './balance.ts';

test('the end of a run names the nodes that do not balance', () => {
  const ledger = new Ledger();
  const node = ledger.node('exporter/otlp@traces');
  ledger.node('receiver/otlp', 'source').created(9);
  node.created(5);
  node.delivered(5);
  const logger = listLogger();
  logBalance(ledger, logger);
  node.created(2);
  logBalance(ledger, logger);
  const [balanced, open] = logger.lines;
  assert.equal(balanced?.message, 'Every item is accounted for.');
  assert.deepEqual(balanced?.fields, { nodes: 2 });
  assert.equal(open?.level, 'error');
  assert.match(String(open?.fields.nodes), /^exporter\/otlp@traces: 2 items missing/);
});
