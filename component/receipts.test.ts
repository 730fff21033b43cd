import assert from 'node:assert/strict';
import test from 'node:test';
import { testGates, testSettings } from '../testing/settings.ts';
import { Receipts } from './receipts.ts';

test('what is refused and what fails are one, until a feature gate tells them apart', () => {
  const count = (...set: string[]) => {
    const settings = testSettings({ gates: testGates(...set) });
    const receipts = new Receipts(settings, 'traces', 'http');
    receipts.accepted(5);
    receipts.refused(3);
    receipts.failed(2);
    const value = (name: string, outcome?: string) =>
      settings.meter.value(`otelcol_receiver_${name}`, outcome === undefined ? {} : { outcome });
    return [
      ...['accepted_spans', 'refused_spans', 'failed_spans'].map((name) => value(name)),
      ...['success', 'refused', 'failure'].map((outcome) => value('requests', outcome)),
    ];
  };
  assert.deepEqual(count(), [5, 5, 0, 0, 0, 0]);
  assert.deepEqual(count('receiverhelper.newReceiverMetrics'), [5, 3, 2, 1, 1, 1]);
});
