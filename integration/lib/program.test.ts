import assert from 'node:assert/strict';
import test from 'node:test';
import { balances } from './program.ts';

const line = (node: string, flow: string, items: number, more = ''): string =>
  `wirestitch_ledger_items{flow="${flow}",node="${node}"${more}} ${items}`;

test('accounts are read from metrics; receivers and fan-outs by their kind alone are none', () => {
  const text = [
    '# TYPE wirestitch_ledger_items gauge',
    line('receiver/otlp', 'out', 7),
    line('fanout of receiver/otlp', 'in', 7),
    line('exporter/otlp/receiver@traces', 'in', 7),
    line('exporter/otlp/receiver@traces', 'delivered', 4),
    line('exporter/otlp/receiver@traces', 'dropped', 1, ',reason="rejected"'),
    line('processor/batch/fanout@traces', 'in', 7),
    line('processor/batch/fanout@traces', 'out', 7),
  ].join('\n');
  const expected = [
    ['exporter/otlp/receiver@traces', 2],
    ['processor/batch/fanout@traces', 0],
  ];
  assert.deepEqual([...balances(text)], expected);
  assert.equal(balances('# nothing').size, 0);
});
