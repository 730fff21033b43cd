import assert from 'node:assert/strict';
import { test } from 'node:test';
import { z } from 'zod';
import { background } from '../component/consumer.ts';
import type { PipelineError } from '../component/errors.ts';
import type { Traces } from '../pdata/batch.ts';
import { settle } from '../testing/clock.ts';
import { type TestSettings, testSettings } from '../testing/settings.ts';
import { permanent, retryable, unknownOutcome } from '../testing/sinks.ts';
import { numberedSpans, range, spanNumbers } from '../testing/spans.ts';
import type { Attempt } from './backend.ts';
import { deliveryKeys, type ExporterConfig } from './config.ts';
import { createExporter } from './exporter.ts';

const schema = z.strictObject(deliveryKeys());

export function deliveryConfig(given: unknown): ExporterConfig {
  return schema.parse(given);
}

/** A backend that tests steer: `next` decides about each attempt, by default success. */
function steeredBackend() {
  const attempts: Attempt[] = [];
  const arrived: number[][] = [];
  const backend = {
    attempts,
    arrived,
    next: (_attempt: Attempt): void | Promise<void> => {},
    stopped: 0,
    async push(batch: Traces, attempt: Attempt): Promise<void> {
      attempts.push(attempt);
      await backend.next(attempt);
      arrived.push(spanNumbers(batch));
    },
    async shutdown() {
      backend.stopped++;
    },
  };
  return backend;
}

async function started(config: unknown, settings: TestSettings = testSettings()) {
  const backend = steeredBackend();
  const exporter = createExporter('traces', settings, deliveryConfig(config), backend);
  await exporter.start();
  const entry = settings.book.edge('source', settings.id, exporter);
  settings.book.node('source', 'source');
  const send = (from: number, count: number, ctx = background) =>
    entry.consume(numberedSpans(range(from, count)), ctx);
  return { backend, exporter, settings, send };
}

/** Nothing reserved, nothing waiting, everything accounted for. */
function assertSettled(settings: TestSettings): void {
  assert.equal(settings.budget.used, 0);
  assert.deepEqual(settings.book.check(), []);
}

const rejection = (promise: Promise<unknown>): Promise<PipelineError> =>
  promise.then(
    () => assert.fail('it was accepted'),
    (error) => error,
  );

test('without a queue the sender gets the result', async () => {
  const { backend, exporter, settings, send } = await started({
    sending_queue: { enabled: false },
    retry_on_failure: { enabled: false },
  });
  await send(0, 3);
  backend.next = () => {
    throw permanent('no such tenant');
  };
  const error = await rejection(send(3, 2));
  assert.equal(error.retryable, false);
  assert.equal(error.message, 'no such tenant');
  assert.deepEqual(backend.arrived, [[0, 1, 2]]);
  assert.equal(settings.meter.value('otelcol_exporter_sent_spans', { exporter: 'test' }), 3);
  assert.equal(settings.meter.value('otelcol_exporter_send_failed_spans'), 2);
  const lines = settings.logger.lines.filter((line) => line.level === 'error');
  assert.deepEqual(
    lines.map((line) => [line.message, line.fields.rejected_items]),
    [['Exporting failed. Rejecting data.', 2]],
  );
  await exporter.shutdown();
  assertSettled(settings);
});

test('an empty batch is accepted and goes nowhere', async () => {
  const { backend, exporter, send } = await started({});
  await send(0, 0);
  await settle();
  assert.equal(backend.attempts.length, 0);
  await exporter.shutdown();
});

test('retries grow, spread by the random factor, and end with max_elapsed_time', async () => {
  const settings = testSettings({ random: { float: () => 0.5, bytes: () => new Uint8Array() } });
  const { backend, exporter, send } = await started(
    {
      retry_on_failure: {
        initial_interval: '1s',
        multiplier: 2,
        max_interval: '3s',
        max_elapsed_time: '10s',
      },
    },
    settings,
  );
  backend.next = () => {
    throw retryable('busy');
  };
  const times: number[] = [];
  const push = backend.push;
  backend.push = (batch, attempt) => {
    times.push(settings.clock.monotonicMs() - 1000);
    return push(batch, attempt);
  };
  await send(0, 5);
  await settings.clock.advance(60_000);
  assert.deepEqual(times, [0, 1000, 3000, 6000, 9000]);
  assert.deepEqual(
    backend.attempts.map((a) => a.number),
    [1, 2, 3, 4, 5],
  );
  const [node] = settings.book.snapshot().nodes;
  assert.deepEqual(node?.dropped, { retries_exhausted: 5 });
  const last = settings.logger.lines.at(-1);
  assert.equal(last?.message, 'Exporting failed. Dropping data.');
  assert.equal(last?.fields.error, 'no more retries left: busy');
  await exporter.shutdown();
  assertSettled(settings);
});

test('max_elapsed_time 0 never gives up; a throttle hint is obeyed', async () => {
  const { backend, exporter, settings, send } = await started({
    retry_on_failure: { max_elapsed_time: 0 },
  });
  backend.next = () => {
    throw retryable('slow down', { retryAfterMs: 3_600_000 });
  };
  await send(0, 1);
  await settings.clock.advance(3_600_000 - 1);
  assert.equal(backend.attempts.length, 1);
  await settings.clock.advance(1);
  assert.equal(backend.attempts.length, 2);
  backend.next = () => {};
  await settings.clock.advance(3_600_000);
  assert.deepEqual(backend.arrived, [[0]]);
  await exporter.shutdown();
  assertSettled(settings);
});

test('an attempt is given up at its time-out, with an unknown outcome', async () => {
  const { backend, exporter, settings, send } = await started({
    timeout: '2s',
    retry_on_failure: { initial_interval: '1s', randomization_factor: 0 },
  });
  let late: () => void = () => {};
  backend.next = () => new Promise((resolve) => (late = resolve));
  await send(0, 1);
  await settings.clock.advance(1999);
  assert.equal(settings.logger.lines.length, 0);
  await settings.clock.advance(1);
  assert.equal(settings.logger.lines[0]?.fields.error, 'no answer within 2000 ms');
  assert.equal(backend.attempts[0]?.deadlineMs, 3000);
  backend.next = () => {};
  await settings.clock.advance(1000);
  late();
  assert.deepEqual(
    backend.attempts.map((a) => a.previousUnknown),
    [false, true],
  );
  assert.equal(settings.meter.value('otelcol_exporter_sent_spans'), 1);
  await exporter.shutdown();
  assertSettled(settings);
});

test('a refused attempt does not make the next one suspect', async () => {
  const { backend, exporter, settings, send } = await started({});
  const errors = [retryable(), unknownOutcome(), retryable()];
  backend.next = () => {
    const error = errors.shift();
    if (error !== undefined) throw error;
  };
  await send(0, 1);
  await settings.clock.advance(120_000);
  assert.deepEqual(
    backend.attempts.map((a) => a.previousUnknown),
    [false, false, true, true],
  );
  await exporter.shutdown();
});

test('a full queue refuses, retryable, and shows its size', async () => {
  const { backend, exporter, settings, send } = await started({
    sending_queue: { queue_size: 2, num_consumers: 1 },
  });
  let open = () => {};
  backend.next = () => new Promise((resolve) => (open = resolve));
  await send(0, 1);
  await send(1, 1);
  const error = await rejection(send(2, 7));
  assert.equal(error.message, 'sending queue is full');
  assert.equal(error.retryable, true);
  const labels = { exporter: 'test', data_type: 'traces' };
  assert.equal(settings.meter.value('otelcol_exporter_queue_size', labels), 2);
  assert.equal(settings.meter.value('otelcol_exporter_queue_capacity', labels), 2);
  assert.equal(settings.meter.value('otelcol_exporter_enqueue_failed_spans'), 7);
  open();
  await settle();
  await send(3, 1);
  open();
  await settle();
  open();
  await exporter.shutdown();
  assert.deepEqual(backend.arrived, [[0], [1], [3]]);
  assertSettled(settings);
});

test('block_on_overflow makes senders wait in order, to their deadline at most', async () => {
  const { backend, exporter, settings, send } = await started({
    sending_queue: { queue_size: 1, num_consumers: 1, block_on_overflow: true },
  });
  let open = () => {};
  backend.next = () => new Promise((resolve) => (open = resolve));
  await send(0, 1);
  const order: number[] = [];
  const second = send(1, 1).then(() => order.push(1));
  const impatient = rejection(send(2, 1, { ...background, deadlineMs: 1500 }));
  const third = send(3, 1).then(() => order.push(3));
  await settings.clock.advance(500);
  assert.equal((await impatient).message, 'sending queue is full');
  assert.deepEqual(order, []);
  open();
  await second;
  open();
  await settle();
  open();
  await third;
  await settle();
  open();
  await exporter.shutdown();
  assert.deepEqual(order, [1, 3]);
  assert.deepEqual(backend.arrived, [[0], [1], [3]]);
  assert.equal(settings.meter.value('otelcol_exporter_enqueue_failed_spans'), 1);
  assertSettled(settings);
});

test('a request that can never fit is refused for good', async () => {
  const { exporter, settings, send } = await started({
    sending_queue: { queue_size: 10, sizer: 'items', block_on_overflow: true },
  });
  const error = await rejection(send(0, 11));
  assert.equal(error.retryable, false);
  assert.match(error.message, /element size too large: 11 does not fit a queue of 10/);
  await exporter.shutdown();
  assertSettled(settings);
});

test('the memory budget refuses what does not fit', async () => {
  const settings = testSettings({ budgetBytes: 2000 });
  const { exporter, send } = await started({}, settings);
  const error = await rejection(send(0, 100));
  assert.equal(error.retryable, true);
  assert.match(error.message, /memory budget exhausted/);
  assert.equal(settings.budget.used, 0);
  await exporter.shutdown();
  assertSettled(settings);
});

test('wait_for_result settles with the delivery', async () => {
  const { backend, exporter, settings, send } = await started({
    sending_queue: { wait_for_result: true },
    retry_on_failure: { enabled: false },
  });
  backend.next = () => {
    throw permanent('rejected there');
  };
  assert.equal((await rejection(send(0, 2))).message, 'rejected there');
  backend.next = () => {};
  await send(2, 2);
  assert.deepEqual(backend.arrived, [[2, 3]]);
  await exporter.shutdown();
  assertSettled(settings);
});

test('num_consumers bounds the deliveries under way', async () => {
  const { backend, exporter, settings, send } = await started({
    sending_queue: { num_consumers: 3 },
  });
  let flying = 0;
  let most = 0;
  backend.next = async () => {
    flying++;
    most = Math.max(most, flying);
    await settle();
    flying--;
  };
  await Promise.all(range(0, 20).map((i) => send(i, 1)));
  await exporter.shutdown();
  assert.equal(most, 3);
  assert.equal(backend.arrived.length, 20);
  assertSettled(settings);
});

test('batches are made by size, and by time when small', async () => {
  const { backend, exporter, settings, send } = await started({
    sending_queue: { num_consumers: 1, batch: { min_size: 10, flush_timeout: '200ms' } },
  });
  for (let i = 0; i < 4; i++) await send(i * 3, 3);
  await settle();
  assert.deepEqual(backend.arrived, [range(0, 12)]);
  await send(12, 2);
  await settings.clock.advance(199);
  assert.equal(backend.arrived.length, 1);
  await settings.clock.advance(1);
  assert.deepEqual(backend.arrived[1], [12, 13]);
  await exporter.shutdown();
  assertSettled(settings);
});

test('max_size splits; every item arrives once and every request settles', async () => {
  const { backend, exporter, settings, send } = await started({
    sending_queue: { num_consumers: 2, batch: { min_size: 4, max_size: 5, flush_timeout: '1s' } },
  });
  await send(0, 3);
  await send(3, 14);
  await settle();
  assert.deepEqual(backend.arrived, [range(0, 5), range(5, 5), range(10, 5)]);
  await settings.clock.advance(1000);
  assert.deepEqual(backend.arrived[3], [15, 16]);
  await exporter.shutdown();
  assertSettled(settings);
});

test('partitions keep clients apart', async () => {
  const { backend, exporter, settings, send } = await started({
    sending_queue: { batch: { min_size: 4, partition: { metadata_keys: ['X-Tenant'] } } },
  });
  const of = (tenant: string) => ({
    ...background,
    client: {
      address: 'x:1',
      metadata: new Map([
        ['x-tenant', [tenant]],
        ['more', ['y']],
      ]),
    },
  });
  await send(0, 2, of('a'));
  await send(10, 2, of('b'));
  await send(2, 2, of('a'));
  await settle();
  assert.deepEqual(backend.arrived, [[0, 1, 2, 3]]);
  await exporter.shutdown();
  assert.deepEqual(backend.arrived[1], [10, 11]);
  const clients = backend.attempts.map(({ client }) => [...(client?.metadata ?? [])]);
  assert.deepEqual(clients[0], [['x-tenant', ['a']]], 'of two requests what they have in common');
  assert.equal(clients[1]?.length, 2, 'of one request all');
  assertSettled(settings);
});

test('the client of a request goes with it, of several none', async () => {
  const given = { sending_queue: { num_consumers: 1, batch: { min_size: 2 } } };
  const { backend, exporter, send } = await started(given);
  const client = { address: 'x:1', metadata: new Map() };
  await send(0, 2, { ...background, client });
  await send(2, 1, { ...background, client });
  await send(3, 1, { ...background, client: { ...client } });
  await exporter.shutdown();
  assert.deepEqual(
    backend.attempts.map((attempt) => attempt.client),
    [client, undefined],
  );
  const direct = await started({ sending_queue: { enabled: false } });
  await direct.send(0, 1, { ...background, client });
  assert.equal(direct.backend.attempts[0]?.client, client);
  await direct.exporter.shutdown();
});

test('shutdown drains memory: each batch once more, without waiting', async () => {
  const { backend, exporter, settings, send } = await started({
    sending_queue: { num_consumers: 2 },
  });
  backend.next = () => {
    throw retryable('down');
  };
  await send(0, 1);
  await send(1, 1);
  await send(2, 1);
  await settle();
  assert.equal(backend.attempts.length, 2);
  const tried: number[] = [];
  backend.next = (attempt) => {
    tried.push(attempt.number);
    if (attempt.number === 1) throw retryable('down');
  };
  await exporter.shutdown();
  assert.deepEqual(tried, [2, 2, 1]);
  assert.deepEqual(backend.arrived, [[0], [1]]);
  assert.equal(backend.stopped, 1);
  assert.equal((await rejection(send(9, 1))).retryable, true);
  const node = settings.book.snapshot().nodes.find((n) => n.node === 'test');
  assert.deepEqual(node?.dropped, { shutdown: 1 });
  assert.equal(settings.meter.gauges, 0);
  assertSettled(settings);
});

test('shutdown does not wait for ever', async () => {
  const { backend, exporter, settings, send } = await started({
    timeout: 0,
    sending_queue: { num_consumers: 1 },
  });
  backend.next = () => new Promise(() => {});
  await send(0, 4);
  await send(4, 3);
  const done = exporter.shutdown();
  await settings.clock.advance(10_000);
  await done;
  const node = settings.book.snapshot().nodes.find((n) => n.node === 'test');
  assert.deepEqual(node?.dropped, { shutdown: 7 });
  assertSettled(settings);
});

test('shutdown is safe without start and twice', async () => {
  const settings = testSettings();
  const exporter = createExporter('traces', settings, deliveryConfig({}), steeredBackend());
  await exporter.shutdown();
  await exporter.shutdown();
  assert.equal(settings.clock.pending, 0);
});

test('what waits in memory goes to the exporter that replaces it', async () => {
  const config = {
    sending_queue: { num_consumers: 1 },
    retry_on_failure: { initial_interval: '20s' },
  };
  const { backend, exporter, settings, send } = await started(config);
  backend.next = () => {
    throw retryable('down');
  };
  await Promise.all([send(0, 3), send(3, 2), send(5, 1)]);
  await settle();
  const successor = steeredBackend();
  const heir = createExporter('traces', settings, deliveryConfig(config), successor);
  await heir.takeOver!(exporter);
  await heir.start();
  await exporter.shutdown();
  await settle();
  assert.deepEqual(backend.arrived, []);
  assert.deepEqual(successor.arrived.flat().sort(), [0, 1, 2, 3, 4, 5]);
  assert.equal(backend.attempts.length, 1, 'what waited for a retry is not tried once more there');
  assert.equal(settings.meter.value('otelcol_exporter_send_failed_spans'), 0);
  assertSettled(settings);
  await heir.shutdown();
});

test('what is under way while it is replaced counts where it ends', async () => {
  const { backend, exporter, settings, send } = await started({ sending_queue: {} });
  const first = Promise.withResolvers<void>();
  const second = Promise.withResolvers<void>();
  const ends = [first.promise, second.promise];
  backend.next = () => ends.shift();
  await Promise.all([send(0, 2), send(2, 2)]);
  await settle();
  const successor = steeredBackend();
  const heir = createExporter('traces', settings, deliveryConfig({ sending_queue: {} }), successor);
  await heir.takeOver!(exporter);
  await heir.start();
  const stopped = exporter.shutdown();
  first.resolve();
  second.reject(retryable('down'));
  await stopped;
  await settle();
  assert.deepEqual([backend.arrived, successor.arrived], [[[0, 1]], [[2, 3]]]);
  assertSettled(settings);
  await heir.shutdown();
});
