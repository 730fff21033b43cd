// What waits in the memory of an exporter when another one replaces it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { background, type ClientInfo } from '../component/consumer.ts';
import type { Traces } from '../pdata/batch.ts';
import { settle } from '../testing/clock.ts';
import { owner, schema, settingsOver } from '../testing/disk-exporter.ts';
import { memoryStorage } from '../testing/record-log.ts';
import type { TestSettings } from '../testing/settings.ts';
import { permanent, retryable } from '../testing/sinks.ts';
import { numberedSpans, range, spanNumbers } from '../testing/spans.ts';
import { type Attempt, createExporter } from './exporter.ts';

const inMemory = { sending_queue: { num_consumers: 1 } };
const waiting = { sending_queue: { num_consumers: 1, wait_for_result: true } };

function backendOf() {
  const backend = {
    arrived: [] as number[][],
    next: (): void | Promise<void> => {},
    start: async (): Promise<void> => {},
    clients: [] as (ClientInfo | undefined)[],
    async push(batch: Traces, { client }: Attempt): Promise<void> {
      await backend.next();
      backend.clients.push(client);
      backend.arrived.push(spanNumbers(batch));
    },
  };
  return backend;
}

const down = (): never => {
  throw retryable('down');
};

function made(settings: TestSettings, config: object) {
  const backend = backendOf();
  const exporter = createExporter('traces', settings, schema.parse(config), backend);
  return { backend, exporter };
}

/** A started exporter that cannot deliver. */
async function stuck(config: object) {
  const storage = memoryStorage();
  const settings = settingsOver(storage);
  const { backend, exporter } = made(settings, config);
  backend.next = down;
  await exporter.start();
  const entry = settings.book.edge('source', 'test', exporter);
  settings.book.node('source', 'source');
  const send = (from: number, count: number) =>
    entry.consume(numberedSpans(range(from, count)), background);
  const node = () => settings.book.snapshot().nodes.find(({ node }) => node === 'test')!;
  return { storage, settings, backend, exporter, send, node };
}

type Stuck = Awaited<ReturnType<typeof stuck>>;

/** Replaces an exporter by one with `config`, as a reload does. */
async function replaced({ settings, exporter }: Stuck, config: object, next = () => {}) {
  const heir = made(settings, config);
  heir.backend.next = next;
  await heir.exporter.takeOver!(exporter);
  await heir.exporter.start();
  await exporter.shutdown();
  await settle();
  return heir;
}

function assertSettled({ settings }: Stuck): void {
  assert.equal(settings.budget.used, 0);
  assert.deepEqual(settings.book.check(), []);
}

test('an exporter without a queue delivers what it takes over, or counts it', async () => {
  for (const fails of [false, true]) {
    const old = await stuck(inMemory);
    await Promise.all([old.send(0, 3), old.send(3, 2)]);
    await settle();
    const next = fails
      ? () => {
          throw permanent();
        }
      : undefined;
    const heir = await replaced(old, { sending_queue: { enabled: false } }, next);
    assert.deepEqual(heir.backend.arrived.flat().length, fails ? 0 : 5);
    const { delivered, dropped, held } = old.node();
    assert.deepEqual([delivered, dropped, held], fails ? [0, { hand_over: 5 }, 0] : [5, {}, 0]);
    await heir.exporter.shutdown();
    assertSettled(old);
  }
});

test('who sent it is known to the exporter that comes next', async () => {
  const old = await stuck(inMemory);
  const metadata = new Map([['tenant', ['a']]]);
  const client = { ...background.client, metadata };
  await old.exporter.consume(numberedSpans([1]), { ...background, client });
  const heir = await replaced(old, inMemory);
  assert.deepEqual(heir.backend.clients, [client]);
  await heir.exporter.shutdown();
});

test('an exporter with a queue on disk writes what it takes over', async () => {
  const old = await stuck(inMemory);
  await Promise.all([old.send(0, 3), old.send(3, 2)]);
  await settle();
  const onDisk = { sending_queue: { storage: 'file_storage' } };
  const heir = await replaced(old, onDisk, down);
  await heir.exporter.shutdown();
  assert.equal(old.storage.records(owner).length, 2);
  assert.equal(old.node().held, 5);
  assertSettled(old);
});

test('what is taken over waits for a disk that is full, and is counted when that ends', async () => {
  for (const ends of [false, true]) {
    const old = await stuck(inMemory);
    await old.send(0, 3);
    await settle();
    old.storage.full = true;
    const heir = await replaced(old, { sending_queue: { storage: 'file_storage' } });
    await old.settings.clock.advance(2000);
    assert.deepEqual([old.node().held, heir.backend.arrived.length], [3, 0]);
    old.storage.full = ends;
    if (!ends) await old.settings.clock.advance(1000);
    await heir.exporter.shutdown();
    assert.deepEqual(heir.backend.arrived, ends ? [] : [[0, 1, 2]]);
    assert.deepEqual([old.node().held, old.node().dropped], [0, ends ? { hand_over: 3 } : {}]);
    assertSettled(old);
  }
});

test('past an exporter that did not start, to the next one', async () => {
  for (const isLast of [false, true]) {
    const old = await stuck(inMemory);
    await Promise.all([old.send(0, 3), old.send(3, 2)]);
    await settle();
    const failing = made(old.settings, inMemory);
    failing.backend.start = () => Promise.reject(new Error('no such host'));
    await failing.exporter.takeOver!(old.exporter);
    await assert.rejects(failing.exporter.start(), /no such host/);
    await old.exporter.shutdown();
    await settle();
    if (isLast) {
      assert.equal(old.node().held, 5);
      await failing.exporter.shutdown();
      await settle();
      assert.deepEqual([old.node().dropped, old.node().held], [{ hand_over: 5 }, 0]);
    } else {
      const heir = await replaced({ ...old, exporter: failing.exporter }, inMemory);
      assert.deepEqual(heir.backend.arrived.flat().sort(), [0, 1, 2, 3, 4]);
      await heir.exporter.shutdown();
    }
    assertSettled(old);
  }
});

for (const [what, config] of [
  ['one that waits for results', waiting],
  ['one that does not', inMemory],
] as const) {
  test(`senders that wait for the result hear it from ${what}`, async () => {
    for (const fails of [false, true]) {
      const old = await stuck({ ...waiting, retry_on_failure: { initial_interval: '20s' } });
      const results = Promise.allSettled([old.send(0, 3), old.send(3, 2)]);
      await settle();
      const next = fails
        ? () => {
            throw permanent();
          }
        : undefined;
      const heir = await replaced(old, config, next);
      const told = (await results).map(({ status }) => status);
      const accepts = !fails || config === inMemory;
      assert.deepEqual(told, accepts ? ['fulfilled', 'fulfilled'] : ['rejected', 'rejected']);
      assert.equal(heir.backend.arrived.flat().length, fails ? 0 : 5);
      await heir.exporter.shutdown();
      assertSettled(old);
    }
  });
}

test('pieces of a split go one by one to the exporter that comes next', async () => {
  const split = (wait: boolean) => ({
    sending_queue: {
      ...{ num_consumers: 1, wait_for_result: wait, sizer: 'items' },
      batch: { min_size: 0, max_size: 2, flush_timeout: '1s' },
    },
  });
  for (const wait of [false, true]) {
    const old = await stuck(split(wait));
    let attempts = 0;
    old.backend.next = () => {
      if (++attempts > 1) down();
    };
    const sent = Promise.allSettled([old.send(0, 7), old.send(7, 2)]);
    await settle();
    assert.equal(old.backend.arrived.length, 1);
    const heir = await replaced(old, split(wait));
    await heir.exporter.shutdown();
    const told = (await sent).map(({ status }) => status);
    assert.deepEqual(told, ['fulfilled', 'fulfilled']);
    const all = [...old.backend.arrived, ...heir.backend.arrived].flat();
    assert.deepEqual(
      all.sort((a, b) => a - b),
      range(0, 9),
    );
    assert.equal(old.node().delivered, 9);
    assertSettled(old);
  }
});

test('what is on disk is held once, whichever exporter of the process has it open', async () => {
  const onDisk = { sending_queue: { storage: 'file_storage', num_consumers: 1 } };
  const old = await stuck(onDisk);
  await Promise.all([old.send(0, 3), old.send(3, 2)]);
  await settle();
  const first = await replaced(old, onDisk, down);
  const second = await replaced({ ...old, exporter: first.exporter }, onDisk, down);
  const { created, held } = old.node();
  assert.deepEqual([created, held], [0, 5]);
  const last = await replaced({ ...old, exporter: second.exporter }, onDisk);
  await last.exporter.shutdown();
  assert.deepEqual([old.node().delivered, old.node().held], [5, 0]);
  assertSettled(old);
});
