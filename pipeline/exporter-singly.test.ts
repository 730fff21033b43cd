// Deliveries of several requests that cannot be sealed: each request then goes alone.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { background } from '../component/consumer.ts';
import type { Traces } from '../pdata/batch.ts';
import { settle } from '../testing/clock.ts';
import { config, owner, sealingBackend, settingsOver } from '../testing/disk-exporter.ts';
import { type MemoryStorage, memoryStorage } from '../testing/record-log.ts';
import { permanent, retryable } from '../testing/sinks.ts';
import { numberedSpans, spanNumbers } from '../testing/spans.ts';
import { createExporter, NewerForm } from './exporter.ts';

/** One consumer, and batches of what is there: an old record and fresh ones come together. */
const queue = { num_consumers: 1, batch: { min_size: 6, flush_timeout: '1s' } };

/** A started exporter whose backend throws for a batch with span 2. */
async function started(storage: MemoryStorage, thrown: () => Error) {
  const settings = settingsOver(storage);
  const backend = sealingBackend();
  const { seal } = backend;
  backend.seal = (batches: readonly Traces[]) => {
    if (batches.some((batch) => spanNumbers(batch).includes(2))) throw thrown();
    return seal(batches);
  };
  const exporter = createExporter('traces', settings, config(queue), backend);
  await exporter.start();
  const entry = settings.book.edge('source', 'test', exporter);
  settings.book.node('source', 'source');
  const send = (...numbers: number[]) => entry.consume(numberedSpans(numbers), background);
  const arrived = () => backend.attempts.map(({ numbers }) => numbers);
  const node = () => settings.book.snapshot().nodes.find(({ node }) => node === 'test')!;
  return { settings, backend, exporter, send, arrived, node };
}

test('what cannot be read yet stays on disk alone', async () => {
  const storage = memoryStorage();
  const { settings, exporter, send, arrived, node } = await started(
    storage,
    () => new NewerForm('cannot read rows of 2'),
  );
  await send(0, 1);
  await send(2, 3);
  await send(4, 5);
  await settle();
  assert.deepEqual(arrived(), [
    [0, 1],
    [4, 5],
  ]);
  assert.deepEqual([node().delivered, node().held], [4, 2]);
  assert.equal(storage.records(owner).length, 1);
  const kept = settings.logger.lines.filter(({ level }) => level === 'error');
  assert.deepEqual(
    kept.map(({ fields }) => fields.kept_items),
    [2],
  );
  await exporter.shutdown();
  assert.equal(settings.budget.used, 0);
  assert.deepEqual(settings.book.check(), []);
  const next = await started(storage, () => assert.fail());
  next.backend.seal = sealingBackend().seal;
  await next.settings.clock.advance(1000);
  assert.equal(storage.records(owner).length, 0);
  await next.exporter.shutdown();
});

test('a request that cannot be encoded is dropped alone', async () => {
  const storage = memoryStorage();
  const { settings, exporter, send, arrived, node } = await started(storage, permanent);
  for (const from of [0, 2, 4]) await send(from, from + 1);
  await settle();
  assert.deepEqual(arrived(), [
    [0, 1],
    [4, 5],
  ]);
  assert.deepEqual([node().delivered, node().dropped], [4, { rejected: 2 }]);
  assert.equal(storage.records(owner).length, 0);
  await exporter.shutdown();
  assert.equal(settings.budget.used, 0);
  assert.deepEqual(settings.book.check(), []);
});

test('a shutdown between them leaves the rest on disk', async () => {
  const storage = memoryStorage();
  const { settings, backend, exporter, send, arrived } = await started(storage, permanent);
  backend.next = () => {
    throw retryable('down');
  };
  for (const from of [0, 2, 4]) await send(from, from + 1);
  await settle();
  assert.deepEqual(arrived(), [[0, 1]]);
  await exporter.shutdown();
  assert.deepEqual(
    storage.records(owner).map(({ type }) => type),
    ['data', 'data', 'sealed'],
  );
  assert.deepEqual(settings.book.check(), []);
});
