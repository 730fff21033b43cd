import assert from 'node:assert/strict';
import { test } from 'node:test';
import { z } from 'zod';
import { deliveryKeys } from './config.ts';
import { type BatchProcessorConfig, type FoldPipeline, foldBatchProcessors } from './fold-batch.ts';

const schema = z.strictObject(deliveryKeys());
const queueOf = (given: unknown) => schema.parse({ sending_queue: given }).sending_queue;

const batches: Record<string, BatchProcessorConfig> = {
  batch: { timeout: 200, send_batch_size: 8192, send_batch_max_size: 0, metadata_keys: [] },
  'batch/same': { timeout: 200, send_batch_size: 8192, send_batch_max_size: 0, metadata_keys: [] },
  'batch/slow': { timeout: 9000, send_batch_size: 8192, send_batch_max_size: 0, metadata_keys: [] },
  'batch/tenant': {
    timeout: 200,
    send_batch_size: 10,
    send_batch_max_size: 0,
    metadata_keys: ['tenant'],
  },
  'batch/time': { timeout: 200, send_batch_size: 0, send_batch_max_size: 0, metadata_keys: [] },
  'batch/now': { timeout: 0, send_batch_size: 10, send_batch_max_size: 20, metadata_keys: [] },
};

const queues: Record<string, ReturnType<typeof queueOf>> = {
  a: queueOf({}),
  b: queueOf({ sizer: 'bytes', queue_size: 1_000_000 }),
  few: queueOf({ sizer: 'items', queue_size: 100 }),
  waits: queueOf({ wait_for_result: true }),
  batching: queueOf({ batch: {} }),
  sync: queueOf({ enabled: false }),
};

/** Pipelines written `traces/1: p1 p2 -> e1 e2`. */
function fold(...lines: string[]) {
  const pipelines = lines.map((line): FoldPipeline => {
    const [id, rest] = line.split(': ') as [string, string];
    const [processors, exporters] = rest.split('->').map((s) => s.trim().split(/ +/));
    const signal = id.startsWith('logs') ? 'logs' : 'traces';
    return { id, signal, processors: processors!.filter(Boolean), exporters: exporters! };
  });
  const folded = foldBatchProcessors({
    pipelines,
    batch: (id) => batches[id],
    queue: (id) => queues[id],
  });
  const shown = folded.pipelines.map((p) => `${p.id}: ${p.processors.join(' ')}`.trim());
  return { shown, queues: folded.queues };
}

test('a batch processor directly before a queue becomes its batching', () => {
  const { shown, queues: changed } = fold('traces: limit batch -> a b');
  assert.deepEqual(shown, ['traces: limit']);
  const batch = { flush_timeout: 200, min_size: 8192, max_size: 0, sizer: 'items' };
  const a = changed.get('a@traces');
  const told = { ...batch, processor: 'batch' };
  assert.deepEqual([a?.batch, a?.sizer, a?.queue_size], [told, 'items', 8_192_000]);
  const b = changed.get('b@traces');
  assert.deepEqual([b?.batch, b?.sizer, b?.queue_size], [batch, 'bytes', 1_000_000]);
});

test('timeout 0 only splits', () => {
  const { queues: changed } = fold('traces: batch/now -> a');
  assert.equal(changed.get('a@traces')?.batch?.min_size, 0);
  assert.equal(changed.get('a@traces')?.batch?.max_size, 20);
});

test('pipelines that share an exporter fold together or not at all', () => {
  assert.deepEqual(fold('traces/1: batch -> a', 'traces/2: batch/same -> a').shown, [
    'traces/1:',
    'traces/2:',
  ]);
  assert.deepEqual(fold('traces/1: batch -> a', 'traces/2: batch/slow -> a').shown, [
    'traces/1: batch',
    'traces/2: batch/slow',
  ]);
  assert.deepEqual(fold('traces/1: batch -> a', 'traces/2: -> a').shown, [
    'traces/1: batch',
    'traces/2:',
  ]);
  assert.deepEqual(
    fold('traces/1: batch -> a b', 'traces/2: batch -> b', 'traces/3: other -> a').shown,
    ['traces/1: batch', 'traces/2: batch', 'traces/3: other'],
  );
});

test('signals have queues of their own', () => {
  const { shown, queues: changed } = fold('traces: batch -> a', 'logs: batch/slow -> a');
  assert.deepEqual(shown, ['traces:', 'logs:']);
  assert.equal(changed.get('a@traces')?.batch?.flush_timeout, 200);
  assert.equal(changed.get('a@logs')?.batch?.flush_timeout, 9000);
});

test('it stays where folding would change more', () => {
  const stays = (line: string) => {
    const { shown, queues: changed } = fold(line);
    assert.deepEqual(shown, [line.split(' ->')[0]]);
    assert.equal(changed.size, 0);
  };
  stays('traces: batch -> sync');
  stays('traces: batch -> a sync');
  stays('traces: batch -> waits');
  stays('traces: batch -> batching');
  stays('traces: batch -> connector');
  stays('traces: batch -> few');
  stays('traces: batch/tenant -> a');
  stays('traces: batch/time -> a');
  stays('traces: batch limit -> a');
});
