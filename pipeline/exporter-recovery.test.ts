// What a queue on disk does with what an earlier run, or another version, left in it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { background } from '../component/consumer.ts';
import { settle } from '../testing/clock.ts';
import { config, owner, pushing, sealingBackend, settingsOver } from '../testing/disk-exporter.ts';
import { type MemoryStorage, memoryStorage } from '../testing/record-log.ts';
import { retryable } from '../testing/sinks.ts';
import { numberedSpans } from '../testing/spans.ts';
import { createExporter, NewerForm } from './exporter.ts';
import { DiskQueue } from './queue/disk.ts';
import { encodeRecord } from './queue/record.ts';

test('a record that cannot be read is dropped, counted, and does not stop the rest', async () => {
  const storage = memoryStorage();
  const log = await storage.log(owner);
  const [record] = encodeRecord('logs', '', 40, []);
  await log.append('data', [record!]);
  await log.append('data', [Buffer.from([1, 0])]);
  const { arrived, settings, exporter, send } = await pushing(storage);
  await send(7, 1);
  await settle();
  assert.deepEqual(arrived, [[7]]);
  assert.equal(storage.records(owner).length, 0);
  const node = settings.book.snapshot().nodes.find(({ node }) => node === 'test');
  assert.deepEqual(node?.dropped, { unreadable: 41 });
  assert.equal(settings.meter.value('otelcol_exporter_send_failed_spans'), 41);
  const errors = settings.logger.lines.filter(({ level }) => level === 'error');
  assert.match(String(errors[0]?.fields.error), /cannot read a queue record of logs/);
  assert.match(String(errors[1]?.fields.error), /too short/);
  await exporter.shutdown();
  assert.deepEqual(settings.book.check(), []);
});

test('a record of a newer version stays on disk for it', async () => {
  const storage = memoryStorage();
  const log = await storage.log(owner);
  await log.append('data', [Buffer.from([9, 0, 0, 0, 5, 0, 0, 0, 1])]);
  const { arrived, settings, exporter, send } = await pushing(storage);
  await send(7, 1);
  await settle();
  await exporter.shutdown();
  assert.deepEqual(arrived, [[7]]);
  assert.equal(storage.records(owner).length, 1);
  const [error] = settings.logger.lines.filter(({ level }) => level === 'error');
  assert.equal(error?.message, 'Data stays in the queue on disk.');
  assert.match(String(error?.fields.error), /version 9, signal 0: a newer version wrote it/);
  assert.equal(settings.meter.value('otelcol_exporter_send_failed_spans'), 0);
  assert.deepEqual(settings.book.check(), []);
});

test('a sealed batch of a newer version stays on disk for it', async () => {
  const storage = memoryStorage();
  const run = async (backend: ReturnType<typeof sealingBackend>) => {
    const settings = settingsOver(storage);
    const exporter = createExporter('traces', settings, config({}), backend);
    await exporter.start();
    const entry = settings.book.edge('source', 'test', exporter);
    settings.book.node('source', 'source');
    return { settings, exporter, entry };
  };
  const newest = sealingBackend();
  newest.next = () => {
    throw retryable('down');
  };
  const first = await run(newest);
  await first.entry.consume(numberedSpans([1, 2, 3]), background);
  await settle();
  await first.exporter.shutdown();
  const older = sealingBackend();
  older.decode = () => {
    throw new NewerForm('cannot read mark 2');
  };
  const downgraded = await run(older);
  await downgraded.entry.consume(numberedSpans([4]), background);
  await settle();
  await downgraded.exporter.shutdown();
  assert.deepEqual(
    older.attempts.map(({ numbers }) => numbers),
    [[4]],
  );
  assert.equal(storage.records(owner).length, 1);
  assert.deepEqual(downgraded.settings.book.check(), []);
  const upgraded = sealingBackend();
  const last = await run(upgraded);
  await settle();
  await last.exporter.shutdown();
  assert.deepEqual(
    upgraded.attempts.map(({ numbers }) => numbers),
    [[1, 2, 3]],
  );
  assert.equal(storage.records(owner).length, 0);
});

test('an exporter that does not seal leaves a sealed batch on disk', async () => {
  const storage = memoryStorage();
  const log = await storage.log(owner);
  await log.append('sealed', encodeRecord('traces', '', 3, [Buffer.from('[1,2,3]')]));
  const { exporter, settings, arrived } = await pushing(storage);
  await settle();
  await exporter.shutdown();
  assert.deepEqual(arrived, []);
  assert.equal(storage.records(owner).length, 1);
  assert.deepEqual(settings.book.check(), []);
});

test('a start reads no record again, unless its partition is longer than the front', async () => {
  const storage = memoryStorage();
  const { settings, exporter, backend } = await pushing(storage, {
    batch: { partition: { metadata_keys: ['tenant'] } },
  });
  backend.next = () => {
    throw retryable('down');
  };
  for (const tenant of ['short', 'long'.repeat(40)]) {
    const metadata = new Map([['tenant', [tenant]]]);
    const client = { ...background.client, metadata } as typeof background.client;
    await exporter.consume(numberedSpans([tenant.length]), { ...background, client });
  }
  await settle();
  await exporter.shutdown();
  const reads: number[] = [];
  const counting: MemoryStorage = {
    ...storage,
    async log(name) {
      const log = await storage.log(name);
      const read = log.read.bind(log);
      log.read = (position) => {
        reads.push(position);
        return read(position);
      };
      return log;
    },
  };
  const found: { partition: string; items: number }[] = [];
  const disk = new DiskQueue('traces', await counting.log(owner), settings.logger);
  for await (const { partition, items } of disk.recovered(() => assert.fail())) {
    found.push({ partition, items });
  }
  assert.equal(found.length, 2);
  assert.match(found[1]!.partition, /(long){40}/);
  assert.deepEqual(reads, [storage.records(owner)[1]!.position]);
});
