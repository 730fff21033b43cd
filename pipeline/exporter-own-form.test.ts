/** Backends that keep batches in a form of their own. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { z } from 'zod';
import { background } from '../component/consumer.ts';
import type { Traces } from '../pdata/batch.ts';
import { FormBatch, inForm, storedBatch, storedForm } from '../pdata/form-batch.ts';
import { otlpBatch } from '../pdata/otlp-batch.ts';
import { settle } from '../testing/clock.ts';
import { type MemoryStorage, memoryStorage } from '../testing/record-log.ts';
import { storageExtension, testSettings } from '../testing/settings.ts';
import { permanent, retryable } from '../testing/sinks.ts';
import { numberedSpans, range, spanNumbers } from '../testing/spans.ts';
import { deliveryKeys } from './config.ts';
import { createExporter } from './exporter.ts';
import { fanout } from './fanout.ts';

const schema = z.strictObject(deliveryKeys());
const owner = 'exporter_test_traces';

interface Sealed {
  readonly itemCount: number;
  readonly byteLength: number;
  readonly numbers: readonly number[];
  readonly repeatable: boolean;
}

/** Numbers of spans as bytes are its form. */
function backendOver(parallel?: number) {
  const backend = {
    takes: new Set(['numbers']),
    ...(parallel === undefined ? {} : { parallel }),
    lostCalls: 0,
    arrived: [] as (readonly number[])[],
    next: (): void | Promise<void> => {},
    own: (batch: Traces): Traces =>
      storedBatch('traces', Uint8Array.from(spanNumbers(batch)), batch.itemCount),
    lost(): void {
      backend.lostCalls++;
    },
    seal(batches: readonly Traces[]): Sealed {
      const numbers = batches.flatMap((batch) => [...inForm<Uint8Array>(batch, storedForm)!]);
      const itemCount = numbers.length;
      return { itemCount, byteLength: 8 * itemCount, numbers, repeatable: true };
    },
    async send(sealed: Sealed): Promise<void> {
      await backend.next();
      backend.arrived.push(sealed.numbers);
    },
    encode: (): Uint8Array[] => assert.fail('it needs no record'),
    decode: (): Sealed => assert.fail('it needs no record'),
  };
  return backend;
}

async function started(storage: MemoryStorage, queue: object = {}, parallel?: number) {
  const extensions = new Map([['file_storage', storageExtension(storage)]]);
  const settings = testSettings({ extensions });
  const backend = backendOver(parallel);
  const keys = schema.parse({ sending_queue: { storage: 'file_storage', ...queue } });
  const exporter = createExporter('traces', settings, keys, backend);
  await exporter.start();
  const entry = settings.book.edge('source', 'test', exporter);
  settings.book.node('source', 'source');
  const send = (from: number, count: number): Promise<void> =>
    entry.consume(numberedSpans(range(from, count)), background);
  return { settings, backend, exporter, send };
}

test('the form is what is on disk; what is repeatable is not written twice', async () => {
  const storage = memoryStorage();
  const first = await started(storage, { num_consumers: 1 });
  first.backend.next = () => {
    throw retryable('down');
  };
  await first.send(1, 3);
  await first.send(4, 2);
  await settle();
  const records = storage.records(owner);
  assert.deepEqual(
    records.map(({ type, payload }) => [type, payload[0], [...payload.subarray(8)]]),
    [
      ['data', 2, [1, 2, 3]],
      ['data', 2, [4, 5]],
    ],
  );
  await first.exporter.shutdown();
  assert.deepEqual(first.settings.book.check(), []);

  const second = await started(storage);
  await settle();
  assert.deepEqual(second.backend.arrived.flat(), [1, 2, 3, 4, 5]);
  assert.equal(storage.records(owner).length, 0);
  await second.exporter.shutdown();
  assert.equal(second.backend.lostCalls, 0);
  assert.deepEqual(second.settings.book.check(), []);
});

test('the backend is told of what was refused or dropped', async () => {
  const storage = memoryStorage();
  const { backend, exporter, send, settings } = await started(storage, {
    ...{ num_consumers: 1, queue_size: 2, sizer: 'items' },
  });
  await assert.rejects(send(0, 3));
  assert.equal(backend.lostCalls, 1);
  backend.next = () => {
    throw permanent('bad');
  };
  await send(0, 2);
  await settle();
  assert.equal(backend.lostCalls, 2);
  await exporter.shutdown();
  assert.deepEqual(settings.book.check(), []);
});

for (const [parallel, expected] of [
  [1, [[0, 1], range(2, 8), [10]]],
  [undefined, [[0, 1], [2, 3], [4, 5], [6, 7], [8, 9], [10]]],
] as const) {
  test(`what waits while ${parallel ?? 'any number of'} deliveries are under way`, async () => {
    const { backend, exporter, send, settings } = await started(
      memoryStorage(),
      {
        num_consumers: parallel === undefined ? 1 : 10,
        sizer: 'items',
        batch: { flush_timeout: '1s', min_size: 2, max_size: 8, sizer: 'items' },
      },
      parallel,
    );
    const { promise, resolve } = Promise.withResolvers<void>();
    backend.next = () => promise;
    for (let i = 0; i < 11; i++) await send(i, 1);
    await settle();
    resolve();
    await settle();
    await settings.clock.advance(1000);
    await settle();
    assert.deepEqual(backend.arrived, expected);
    await exporter.shutdown();
  });
}

test('a batch in another form is OTLP to whoever asks', () => {
  let made = 0;
  const batch = new FormBatch<'traces', string>({
    ...{ signal: 'traces', form: 'numbers', value: 'x' },
    ...{ itemCount: 2, byteLength: 1, backingBytes: 1 },
    toOtlp: () => {
      made++;
      return otlpBatch(numberedSpans([1, 2]));
    },
  });
  assert.equal(inForm(batch, 'numbers'), 'x');
  assert.equal(inForm(batch, 'letters'), undefined);
  assert.equal(batch.plain(), batch);
  assert.equal(made, 0);
  assert.deepEqual(spanNumbers(batch), [1, 2]);
  assert.equal(batch.split({ maxItems: 1 }).length, 2);
  assert.deepEqual(spanNumbers(batch.editable() as Traces), [1, 2]);
  assert.equal(made, 1);
  assert.throws(() => storedBatch('traces', new Uint8Array(1), 1).ranges(), /BUG/);
});

test('a fan-out takes what all of its branches take', () => {
  const branch = (...forms: string[]) => ({
    mutates: false,
    takes: new Set(forms),
    consume: () => Promise.resolve(),
  });
  const none = { mutates: false, consume: () => Promise.resolve() };
  assert.deepEqual([...(fanout([branch('a', 'b')]).takes ?? [])], ['a', 'b']);
  assert.deepEqual([...(fanout([branch('a', 'b'), branch('b')]).takes ?? [])], ['b']);
  assert.deepEqual([...(fanout([branch('a'), none]).takes ?? [])], []);
  assert.equal(fanout([none, branch('a')]).takes, undefined);
});
