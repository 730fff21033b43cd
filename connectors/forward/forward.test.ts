import assert from 'node:assert/strict';
import { test } from 'node:test';
import { background } from '../../component/consumer.ts';
import { testSettings } from '../../testing/settings.ts';
import { collectingSink, retryable } from '../../testing/sinks.ts';
import { numberedSpans } from '../../testing/spans.ts';
import { factory } from './index.ts';

test('batches pass as they are, and so do refusals', async () => {
  const sink = collectingSink<'traces'>();
  const next = Object.assign(sink, { pipelines: new Map() });
  const config = factory.config.parse({});
  const connector = factory.create('traces', 'traces', testSettings(), config, next);
  const batch = numberedSpans([1, 2]);
  await connector.consume(batch, background);
  assert.equal(sink.batches[0], batch);
  sink.failures.push(retryable('later'));
  await assert.rejects(connector.consume(batch, background), /later/);
});
