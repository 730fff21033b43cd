import assert from 'node:assert/strict';
import { test } from 'node:test';
import { background } from '../component/consumer.ts';
import type { Traces } from '../pdata/batch.ts';
import { settle } from '../testing/clock.ts';
import {
  config,
  owner,
  pushing,
  schema,
  sealingBackend,
  settingsOver,
} from '../testing/disk-exporter.ts';
import { seededRandom } from '../testing/random.ts';
import { memoryStorage } from '../testing/record-log.ts';
import { storageExtension, testSettings } from '../testing/settings.ts';
import { drawError, permanent, retryable } from '../testing/sinks.ts';
import { numberedSpans, range, spanNumbers } from '../testing/spans.ts';
import { createExporter } from './exporter.ts';

test('accepted is on disk; delivered is off it', async () => {
  const storage = memoryStorage();
  const { settings, exporter, send, arrived } = await pushing(storage);
  await send(0, 3);
  await settle();
  assert.deepEqual(arrived, [[0, 1, 2]]);
  assert.equal(storage.records(owner).length, 0);
  await exporter.shutdown();
  assert.equal(settings.budget.used, 0);
  assert.deepEqual(settings.book.check(), []);
});

test('what a shutdown interrupts stays on disk and is sent by the next run', async () => {
  const storage = memoryStorage();
  const first = await pushing(storage, { num_consumers: 1 });
  first.backend.next = () => {
    throw retryable('down');
  };
  await first.send(0, 2);
  await first.send(2, 2);
  await settle();
  await first.exporter.shutdown();
  assert.equal(storage.records(owner).length, 2);
  assert.equal(first.settings.budget.used, 0);
  assert.equal(first.settings.meter.value('otelcol_exporter_send_failed_spans'), 0);
  assert.deepEqual(first.settings.book.check(), []);
  const second = await pushing(storage);
  await settle();
  assert.deepEqual(second.arrived, [
    [0, 1],
    [2, 3],
  ]);
  assert.equal(storage.records(owner).length, 0);
  await second.exporter.shutdown();
  assert.deepEqual(second.settings.book.check(), []);
  const node = second.settings.book.snapshot().nodes.find(({ node }) => node === 'test');
  assert.deepEqual([node?.created, node?.delivered, node?.held], [4, 4, 0]);
});

test('a permanent error takes the record off the disk', async () => {
  const storage = memoryStorage();
  const { backend, settings, exporter, send } = await pushing(storage);
  backend.next = () => {
    throw permanent();
  };
  await send(0, 5);
  await settle();
  assert.equal(storage.records(owner).length, 0);
  const node = settings.book.snapshot().nodes.find(({ node }) => node === 'test');
  assert.deepEqual(node?.dropped, { rejected: 5 });
  await exporter.shutdown();
});

test('what memory has no room for is read back from disk', async () => {
  const storage = memoryStorage();
  const { backend, settings, exporter, send, arrived } = await pushing(
    storage,
    { num_consumers: 2, batch: { min_size: 40, max_size: 50, flush_timeout: '1s' } },
    20_000,
  );
  let open = () => {};
  const gate = new Promise<void>((resolve) => (open = resolve));
  backend.next = () => gate;
  for (let i = 0; i < 40; i++) await send(i * 30, 30);
  assert.ok(settings.budget.used <= 20_000);
  assert.equal(storage.records(owner).length, 40);
  open();
  for (let i = 0; i < 100; i++) await settings.clock.advance(100);
  assert.deepEqual(
    arrived.flat().sort((a, b) => a - b),
    range(0, 1200),
  );
  assert.equal(storage.records(owner).length, 0);
  await exporter.shutdown();
  assert.equal(settings.budget.used, 0);
  assert.deepEqual(settings.book.check(), []);
});

test('a full disk refuses, retryable, and nothing is kept', async () => {
  const storage = memoryStorage();
  const { settings, exporter, send } = await pushing(storage);
  storage.full = true;
  await assert.rejects(send(0, 3), /disk full/);
  assert.equal(settings.meter.value('otelcol_exporter_enqueue_failed_spans'), 3);
  assert.equal(settings.meter.value('otelcol_exporter_queue_size'), 0);
  await exporter.shutdown();
  assert.deepEqual(settings.book.check(), []);
});

test('a storage that is not there is named', async () => {
  const settings = testSettings();
  const exporter = createExporter('traces', settings, config({}), sealingBackend());
  await assert.rejects(exporter.start(), /cannot use storage "file_storage": no such extension/);
  await exporter.shutdown();
});

test('a sealed batch replaces its records and is replayed after a restart', async () => {
  const storage = memoryStorage();
  const queue = { num_consumers: 1, batch: { min_size: 4, flush_timeout: '1s' } };
  const first = sealingBackend();
  first.next = () => {
    throw retryable('down');
  };
  const settings = settingsOver(storage);
  const exporter = createExporter('traces', settings, config(queue), first);
  await exporter.start();
  await exporter.consume(numberedSpans([0, 1]), background);
  await exporter.consume(numberedSpans([2, 3]), background);
  await exporter.consume(numberedSpans([4]), background);
  await settle();
  assert.deepEqual(
    storage.records(owner).map(({ type }) => type),
    ['sealed', 'data'],
  );
  assert.equal(first.attempts[0]?.attempt.previousUnknown, false);
  await exporter.shutdown();
  const second = sealingBackend();
  const again = settingsOver(storage);
  const restarted = createExporter('traces', again, config(queue), second);
  await restarted.start();
  await again.clock.advance(1000);
  assert.deepEqual(
    second.attempts.map(({ attempt, numbers }) => [attempt.previousUnknown, numbers]),
    [
      [true, [0, 1, 2, 3]],
      [false, [4]],
    ],
  );
  assert.equal(storage.records(owner).length, 0);
  await restarted.shutdown();
  assert.equal(again.budget.used, 0);
  assert.deepEqual(again.book.check(), []);
});

test('nothing is sent unsealed while the disk is full', async () => {
  const storage = memoryStorage();
  const backend = sealingBackend();
  const settings = settingsOver(storage);
  const exporter = createExporter('traces', settings, config({}), backend);
  await exporter.start();
  const accepted = exporter.consume(numberedSpans([0]), background);
  await Promise.resolve();
  await Promise.resolve();
  await accepted;
  storage.full = true;
  await settings.clock.advance(5000);
  storage.full = false;
  await settings.clock.advance(1000);
  assert.equal(backend.attempts.length, 1);
  assert.equal(backend.seals, 1);
  await exporter.shutdown();
  assert.equal(storage.records(owner).length, 0);
});

test('without a disk a sealed batch is kept for its retries', async () => {
  const settings = testSettings();
  const backend = sealingBackend();
  backend.next = ({ number }) => {
    if (number < 3) throw retryable();
  };
  const exporter = createExporter('traces', settings, schema.parse({}), backend);
  await exporter.start();
  await exporter.consume(numberedSpans([5, 6]), background);
  await settings.clock.advance(60_000);
  assert.equal(backend.seals, 1);
  assert.equal(backend.attempts.length, 3);
  await exporter.shutdown();
  assert.equal(settings.budget.used, 0);
});

test('a batch that cannot be sealed is dropped and counted', async () => {
  const storage = memoryStorage();
  const settings = settingsOver(storage);
  const backend = sealingBackend();
  backend.seal = () => {
    throw new TypeError('no such column');
  };
  const exporter = createExporter('traces', settings, config({}), backend);
  await exporter.start();
  await exporter.consume(numberedSpans([1, 2]), background);
  await settle();
  const [node] = settings.book.snapshot().nodes;
  assert.deepEqual(node?.dropped, { rejected: 2 });
  assert.equal(storage.records(owner).length, 0);
  assert.match(String(settings.logger.lines.at(-1)?.fields.error), /BUG: no such column/);
  await exporter.shutdown();
});

test('under any mix of errors and restarts every accepted span arrives', async () => {
  for (let seed = 1; seed <= 20; seed++) {
    const random = seededRandom(seed);
    const storage = memoryStorage();
    const arrived = new Set<number>();
    let next = 0;
    const accepted: number[] = [];
    for (let run = 0; run < 4; run++) {
      const last = run === 3;
      const settings = settingsOver(storage, 60_000);
      const backend = {
        async push(batch: Traces) {
          const drawn = last ? undefined : drawError({ retryable: 0.3, unknown: 0.2 }, random);
          if (random.float() < 0.3) await settle();
          if (drawn === undefined || drawn.arrives) {
            for (const number of spanNumbers(batch)) arrived.add(number);
          }
          if (drawn !== undefined) throw drawn.error;
        },
      };
      const batch =
        random.float() < 0.5 ? { min_size: 20, max_size: 25, flush_timeout: '1s' } : undefined;
      const queue = { num_consumers: 3, ...(batch && { batch }) };
      const exporter = createExporter(
        'traces',
        settings,
        config(queue, { retry_on_failure: { max_elapsed_time: 0 } }),
        backend,
      );
      await exporter.start();
      for (let i = 0; i < 20 && !last; i++) {
        const numbers = range(next, 1 + Math.floor(random.float() * 30));
        next += numbers.length;
        await exporter.consume(numberedSpans(numbers), background).then(
          () => accepted.push(...numbers),
          () => {},
        );
        if (random.float() < 0.2) await settings.clock.advance(2000);
      }
      if (last) await settings.clock.advance(20_000);
      await exporter.shutdown();
      assert.equal(settings.budget.used, 0, `seed ${seed}`);
    }
    const missing = accepted.filter((number) => !arrived.has(number));
    assert.deepEqual(missing, [], `seed ${seed}`);
    assert.equal(storage.records(owner).length, 0, `seed ${seed}`);
  }
});

test('when the memory budget has no room, what is on disk is read one delivery at a time', async () => {
  for (const seals of [false, true]) {
    const storage = memoryStorage();
    const backendOf = (next: () => Promise<void>) =>
      seals ? { ...sealingBackend(), send: next } : { push: next };
    const down = backendOf(() => Promise.reject(retryable()));
    const before = createExporter('traces', settingsOver(storage), config({}), down);
    await before.start();
    for (let i = 0; i < 5; i++) await before.consume(numberedSpans([i]), background);
    await settle();
    await before.shutdown();
    const settings = settingsOver(storage);
    settings.budget.tryReserve(settings.budget.limit);
    let flying = 0;
    let most = 0;
    let delivered = 0;
    const next = async () => {
      most = Math.max(most, ++flying);
      await settle();
      flying--;
      delivered++;
    };
    const exporter = createExporter('traces', settings, config({}), backendOf(next));
    await exporter.start();
    for (let i = 0; i < 40 && delivered < 5; i++) await settings.clock.advance(50);
    assert.deepEqual([delivered, most], [5, 1]);
    await exporter.shutdown();
    settings.budget.release(settings.budget.limit);
    assert.equal(settings.budget.used, 0);
  }
});

test('a sealed batch takes the place of its requests in the memory budget, too', async () => {
  for (const queue of [{}, { storage: undefined }]) {
    const settings = settingsOver(memoryStorage());
    const backend = sealingBackend();
    let answer = () => {};
    backend.next = () => new Promise<void>((resolve) => (answer = resolve));
    const exporter = createExporter('traces', settings, config(queue), backend);
    await exporter.start();
    await exporter.consume(numberedSpans(range(0, 100)), background);
    await settle();
    assert.equal(settings.budget.used, 8 * 100);
    answer();
    await settle();
    assert.equal(settings.budget.used, 0);
    await exporter.shutdown();
  }
});

test('a full queue does not wait for a larger batch', async () => {
  for (const blocks of [false, true]) {
    const { exporter, send, arrived, settings } = await pushing(memoryStorage(), {
      queue_size: 2,
      block_on_overflow: blocks,
      batch: { min_size: 1000, flush_timeout: '1h' },
    });
    await send(0, 1);
    await send(1, 1);
    const third = send(2, 1);
    if (blocks) await third;
    else await assert.rejects(third, /sending queue is full/);
    await settle();
    assert.deepEqual(arrived, [[0, 1]]);
    await send(3, 1);
    await exporter.shutdown();
    assert.deepEqual(settings.book.check(), []);
  }
});

test('a log that cannot be closed does not keep the backend open', async () => {
  const storage = memoryStorage();
  const failing = {
    ...storage,
    log: async (name: string) => {
      const log = await storage.log(name);
      log.close = () => Promise.reject(new Error('input/output error'));
      return log;
    },
  };
  const extensions = new Map([['file_storage', storageExtension(failing)]]);
  let closed = false;
  const backend = {
    push: async () => {},
    shutdown: async () => {
      closed = true;
    },
  };
  const exporter = createExporter('traces', testSettings({ extensions }), config({}), backend);
  await exporter.start();
  await assert.rejects(exporter.shutdown(), /input\/output error/);
  assert.equal(closed, true);
});
