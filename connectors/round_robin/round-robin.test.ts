import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startConnector } from '../../testing/connector.ts';
import { permanent } from '../../testing/sinks.ts';
import { numberedSpans, spanNumbers } from '../../testing/spans.ts';
import { factory } from './index.ts';

test('batches go to the pipelines in turn, also after a refusal', async () => {
  const pipelines = ['traces/a', 'traces/b', 'traces/c'];
  const started = await startConnector(factory, ['traces', 'traces'] as const, {}, { pipelines });
  started.pipelines.get('traces/c')!.failures.push(permanent('no'));
  await started.send(numberedSpans([1]));
  await assert.rejects(started.send(numberedSpans([2])), /no/);
  for (const n of [3, 4, 5]) await started.send(numberedSpans([n]));
  const got = [...started.pipelines.values()].map(({ batches }) => batches.map(spanNumbers));
  assert.deepEqual(got, [[[3]], [[1], [4]], [[5]]]);
  await started.stop();
  assert.deepEqual(started.settings.book.check(), []);
});
