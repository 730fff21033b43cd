import assert from 'node:assert/strict';
import { test } from 'node:test';
import { redLines, stepTimes } from './chart-lines.ts';

test('steps begin where the window does', () => {
  assert.deepEqual(
    stepTimes('1700000000500000000', 60e9, 3),
    [1_700_000_000.5, 1_700_000_060.5, 1_700_000_120.5],
  );
  assert.deepEqual(stepTimes('0', 1e9, 0), []);
});

test('calls of a step are told by the second, and gaps stay gaps', () => {
  const series = { calls: [120, 0], errors: [6, 0], p95Ns: [5e6, null] };
  const { requests, latency } = redLines(series, 60e9);
  assert.deepEqual(
    requests.map(({ label, values }) => [label, values]),
    [
      ['all', [2, 0]],
      ['failed', [0.1, 0]],
    ],
  );
  assert.deepEqual(latency[0]?.values, [5e6, null]);
});
