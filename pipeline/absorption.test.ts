import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { background } from '../component/consumer.ts';
import type { Traces } from '../pdata/batch.ts';
import { settle } from '../testing/clock.ts';
import { type TestSettings, testSettings } from '../testing/settings.ts';
import { numberedSpans, range, spanNumbers } from '../testing/spans.ts';
import { deliveryConfig } from './exporter.test.ts';
import { createExporter } from './exporter.ts';

interface Sealed {
  readonly itemCount: number;
  readonly byteLength: number;
  readonly numbers: readonly number[];
}

/** A backend that takes numbers of spans up as they come; seals wait for `release`. */
function absorbingBackend() {
  let open: number[] = [];
  let held: (() => void)[] | undefined;
  const backend = {
    absorbedItems: 0,
    givenItems: 0,
    arrived: [] as number[][],
    willing: true,
    fails: false,
    /** Seals wait from now on, */
    hold() {
      held ??= [];
    },
    /** or go on. */
    release() {
      const waiting = held ?? [];
      held = undefined;
      for (const go of waiting) go();
    },
    absorbs: () => (backend.willing ? ('native' as const) : undefined),
    absorb(batch: Traces) {
      const numbers = spanNumbers(batch);
      backend.absorbedItems += numbers.length;
      open.push(...numbers);
    },
    seal(batches: readonly Traces[]): Sealed {
      const given = batches.flatMap(spanNumbers);
      backend.givenItems += given.length;
      const numbers = [...open, ...given];
      open = [];
      if (backend.fails) throw new Error('cannot encode');
      return { itemCount: numbers.length, byteLength: numbers.length * 8, numbers };
    },
    async send(sealed: Sealed) {
      if (held !== undefined) await new Promise<void>((go) => held?.push(go));
      backend.arrived.push([...sealed.numbers]);
    },
    encode: (): Uint8Array[] => [],
    decode: (): Sealed => assert.fail('there is no log'),
  };
  return backend;
}

async function started(queue: object, settings: TestSettings = testSettings()) {
  const backend = absorbingBackend();
  const config = deliveryConfig({ timeout: '0s', sending_queue: queue });
  const exporter = createExporter('traces', settings, config, backend);
  await exporter.start();
  const entry = settings.book.edge('source', settings.id, exporter);
  settings.book.node('source', 'source');
  const send = (from: number, count: number) =>
    entry.consume(numberedSpans(range(from, count)), background);
  return { backend, exporter, settings, send };
}

const batching = (minSize: number) => ({
  sizer: 'items',
  queue_size: 10_000,
  num_consumers: 1,
  batch: { flush_timeout: '1s', min_size: minSize, sizer: 'items' },
});

function assertSettled(settings: TestSettings): void {
  assert.equal(settings.budget.used, 0);
  assert.deepEqual(settings.book.check(), []);
}

test('batches are taken up as they come, and sealed when there are enough', async () => {
  const { backend, exporter, settings, send } = await started(batching(10));
  await send(0, 4);
  assert.equal(backend.absorbedItems, 4);
  assert.ok(settings.budget.used > 0, 'it is reserved');
  await send(4, 7);
  await settle();
  await send(11, 1);
  await settings.clock.advance(1000);
  assert.deepEqual(
    backend.arrived,
    [range(0, 11), range(11, 1)].map((numbers) => [...numbers]),
  );
  assert.equal(backend.givenItems, 0);
  await exporter.shutdown();
  assertSettled(settings);
});

test('while a delivery is complete and waits, the next batches are kept', async () => {
  const { backend, exporter, settings, send } = await started(batching(10));
  backend.hold();
  await send(0, 10);
  await send(10, 9);
  await send(19, 3);
  assert.equal(backend.absorbedItems, 22);
  await send(22, 5);
  await send(27, 5);
  assert.equal(backend.absorbedItems, 22, 'the open batch has enough');
  backend.release();
  await settle();
  await settle();
  await exporter.shutdown();
  assert.deepEqual(backend.arrived.flat(), [...range(0, 32)]);
  assert.deepEqual(
    backend.arrived.map((numbers) => numbers.length),
    [10, 12, 10],
  );
  assert.equal(backend.givenItems, 10);
  assertSettled(settings);
});

test('what was taken up and cannot be sealed is dropped and counted', async () => {
  const { backend, exporter, settings, send } = await started(batching(10));
  backend.fails = true;
  await send(0, 10);
  await settle();
  backend.fails = false;
  await send(10, 10);
  await settle();
  assert.deepEqual(backend.arrived, [[...range(10, 10)]]);
  const node = settings.book.snapshot().nodes.find(({ node: id }) => id === settings.id);
  assert.deepEqual(node?.dropped, { rejected: 10 });
  await exporter.shutdown();
  assertSettled(settings);
});

test('nothing is taken up where deliveries are cut or kept apart', async () => {
  const batch = { flush_timeout: '1s', min_size: 10, sizer: 'items' };
  for (const more of [{ max_size: 20 }, { partition: { metadata_keys: ['tenant'] } }]) {
    const { backend, exporter, settings, send } = await started({
      ...batching(10),
      batch: { ...batch, ...more },
    });
    await send(0, 4);
    await exporter.shutdown();
    assert.equal(backend.absorbedItems, 0);
    assert.deepEqual(backend.arrived, [[0, 1, 2, 3]]);
    assertSettled(settings);
  }
});

const step = fc.oneof(
  fc.record({ kind: fc.constant('send' as const), items: fc.integer({ min: 1, max: 12 }) }),
  fc.record({ kind: fc.constantFrom('hold', 'release', 'will', 'time') }),
);

test('whatever happens, every span arrives once, in order, and all memory is given back', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
      const { backend, exporter, settings, send } = await started(batching(10));
      let sent = 0;
      for (const one of steps) {
        if ('items' in one) {
          await send(sent, one.items);
          sent += one.items;
        } else if (one.kind === 'hold') backend.hold();
        else if (one.kind === 'release') backend.release();
        else if (one.kind === 'will') backend.willing = !backend.willing;
        else await settings.clock.advance(700);
      }
      backend.release();
      await settle();
      await exporter.shutdown();
      assert.deepEqual(backend.arrived.flat(), [...range(0, sent)]);
      assert.equal(backend.absorbedItems + backend.givenItems, sent);
      assertSettled(settings);
    }),
    { numRuns: 200 },
  );
});
