/*
 * What every exporter does with data when its backend refuses, is slow, or is gone: each item is
 * delivered, or refused to the sender, or dropped and counted; none comes twice where that is
 * promised.
 */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Factory } from '../../component/factory.ts';
import { registry } from '../../gateway/components.ts';
import { settle } from '../../testing/clock.ts';
import { judgeOf, mixes } from '../../testing/contract/judge.ts';
import { type NumberedSignal, numbered, numbersFrom } from '../../testing/contract/numbered.ts';
import { takenSignals } from '../../testing/contract/passing.ts';
import { nobodyTold, offer, sendAll, type Told } from '../../testing/contract/sender.ts';
import { seededRandom } from '../../testing/random.ts';
import { memoryStorage } from '../../testing/record-log.ts';
import { until } from '../../testing/until.ts';
import { type Delivery, type ExporterRig, exporterRigs, type Target } from './exporter-rigs.ts';
import {
  counted,
  drained,
  type Exporting,
  nodeOf,
  startExporting,
  stopExporting,
  sumOf,
} from './exporting.ts';

const entries = registry.filter(({ kind }) => kind === 'exporter');

test('every exporter has a rig', () => {
  const types = entries.map(({ type }) => type);
  const without = types.filter((type) => exporterRigs[type] === undefined);
  assert.deepEqual(without, [], 'see exporter-rigs.ts');
  for (const rigs of Object.values(exporterRigs)) {
    if (typeof rigs === 'string') assert.ok(existsSync(join(import.meta.dirname, rigs)), rigs);
  }
});

interface Case {
  readonly factory: Factory<unknown>;
  readonly rig: ExporterRig;
  readonly signal: NumberedSignal;
  readonly target: Target;
}

/** Runs `run` for each exporter, rig and signal. */
function each(
  what: string,
  wants: (rig: ExporterRig) => boolean,
  run: (one: Case) => Promise<void>,
) {
  for (const entry of entries) {
    const rigs = exporterRigs[entry.type] ?? [];
    for (const rig of typeof rigs === 'string' ? [] : rigs) {
      if (!wants(rig)) continue;
      test(`${entry.type} ${rig.name ?? ''} ${what}`, async (t) => {
        const { factory } = await entry.load();
        for (const signal of takenSignals(factory)) {
          if (rig.signals?.includes(signal) === false) continue;
          await t.test(signal, async () => {
            const target = await rig.open(signal);
            try {
              await run({ factory, rig, signal, target });
            } finally {
              await target.stop();
            }
          });
        }
      });
    }
  }
}

/** Whether a server has had a request with data. */
const asked = ({ backends }: Target): boolean => backends.some(({ requests }) => requests > 0);

const isOtlp = ({ speaksOtlp = false }: ExporterRig): boolean => speaksOtlp;
const hasDelivery = ({ hasDelivery: has, adapt }: ExporterRig): boolean =>
  has && adapt === undefined;
/** Also those that have it under other names. */
const delivers = ({ hasDelivery: has }: ExporterRig): boolean => has;

const off = { enabled: false };
const soon = { enabled: true, initial_interval: '2ms', max_interval: '10ms', max_elapsed_time: 0 };
const queue = { queue_size: 1000, num_consumers: 3 };

/** Ways to deliver that all exporters have. */
const ways: Readonly<Record<string, Delivery>> = {
  'at once': { sending_queue: off, retry_on_failure: off },
  'at once, with retries': { sending_queue: off, retry_on_failure: soon },
  'through a queue': { sending_queue: queue, retry_on_failure: soon },
  'through a queue that gives up': { sending_queue: queue, retry_on_failure: off },
  'through a queue that makes batches': {
    sending_queue: { ...queue, batch: { flush_timeout: '5ms', min_size: 25, max_size: 60 } },
    retry_on_failure: soon,
  },
  'through a queue, told the result': {
    sending_queue: { ...queue, wait_for_result: true },
    retry_on_failure: soon,
  },
  'through a queue on disk': {
    sending_queue: { ...queue, storage: 'storage' },
    retry_on_failure: soon,
  },
};

/** Whether the sender is told what became of its data. */
function tellsResult(way: string, { waits = false }: ExporterRig): boolean {
  if (way.startsWith('at once') || way.endsWith('result')) return true;
  return waits && !way.endsWith('gives up') && !way.endsWith('disk');
}

/** The same with batches as the rig wants them. */
function withBatch(delivery: Delivery, { batch }: ExporterRig): Delivery {
  const { sending_queue: given } = delivery;
  if (batch === undefined || given === off || 'batch' in given) return delivery;
  return { ...delivery, sending_queue: { ...given, batch } };
}

interface Outcome {
  readonly one: Case;
  readonly exporting: Exporting;
  readonly told: Told;
}

/** accepted = delivered + dropped, item by item, and the metrics say the same. */
function assertAccounted({ one: { rig, target }, exporting, told }: Outcome): void {
  const stored = target.stored();
  const unique = new Set(stored);
  const { dropped, delivered } = nodeOf(exporting);
  assert.equal(unique.size, stored.length, 'items arrived twice');
  if (rig.divides !== true) {
    for (const number of unique) assert.ok(told.accepted.has(number), `${number} was not accepted`);
  }
  const arrived = [...told.accepted].filter((number) => unique.has(number)).length;
  const lost = sumOf(dropped);
  assert.equal(
    told.accepted.size,
    arrived + lost,
    `arrived ${arrived}, ${JSON.stringify(dropped)}`,
  );
  assert.equal(delivered, unique.size);
  assert.equal(counted(exporting, 'sent'), unique.size);
  const failed = counted(exporting, 'send_failed');
  assert.ok(failed >= lost, `${failed} counted as failed, ${lost} are lost`);
}

for (const [way, delivery] of Object.entries(ways)) {
  for (const [name, mix] of Object.entries(mixes)) {
    each(`${way}, ${name}`, delivers, async (one) => {
      const { factory, signal, target } = one;
      const given = withBatch(delivery, one.rig);
      const own = one.rig.adapt === undefined ? given : one.rig.adapt(given);
      if (own === undefined) return;
      const config = { ...target.config, ...own };
      const exporting = await startExporting(factory, signal, config, { storage: memoryStorage() });
      const random = seededRandom(5);
      for (const backend of target.backends) {
        const judge = judgeOf(mix, random);
        backend.fate = () => judge() ?? 'taken';
      }
      const told = await sendAll(signal, exporting.entry, { batches: 20, items: 10, attempts: 1 });
      await drained(exporting);
      await stopExporting(exporting);
      assertAccounted({ one, exporting, told });
      if (
        mix.permanent === 0 &&
        (mix.retryable === 0 || JSON.stringify(delivery).includes('2ms'))
      ) {
        assert.equal(told.accepted.size, 200);
        assert.deepEqual(nodeOf(exporting).dropped, {});
      }
      if (!tellsResult(way, one.rig)) assert.equal(told.accepted.size, 200);
    });
  }
}

each(
  'delivers what it accepts',
  () => true,
  async (one) => {
    const { factory, signal, target, rig } = one;
    const exporting = await startExporting(factory, signal, target.config);
    const told = await sendAll(signal, exporting.entry, { batches: 20, items: 10 });
    await stopExporting(exporting);
    assert.equal(told.accepted.size, 200);
    if (target.stored().length === 0 && !rig.hasDelivery)
      assert.equal(nodeOf(exporting).delivered, 200);
    else assertAccounted({ one, exporting, told });
  },
);

each('leaves out what the server says it did not take', isOtlp, async (one) => {
  const { factory, signal, target } = one;
  for (const delivery of Object.values(ways)) {
    const exporting = await startExporting(
      factory,
      signal,
      { ...target.config, ...delivery },
      { storage: memoryStorage() },
    );
    for (const backend of target.backends) {
      backend.stored.length = 0;
      backend.fate = () => 'taken in part';
    }
    const told = await sendAll(signal, exporting.entry, { batches: 8, items: 10, attempts: 1 });
    assert.equal(told.accepted.size, 80, 'a part is a success');
    await drained(exporting);
    await stopExporting(exporting);
    const { delivered, dropped } = nodeOf(exporting);
    assert.equal(delivered, target.stored().length);
    assert.deepEqual(dropped, { partial_success: 80 - delivered });
    assert.equal(counted(exporting, 'sent'), 80, 'as the Go collector counts');
  }
});

each('asks senders to wait or refuses when its queue is full', hasDelivery, async (one) => {
  for (const blocks of [false, true]) {
    const { factory, signal, target, rig } = one;
    const small = { queue_size: 5, num_consumers: 2, block_on_overflow: blocks };
    const delivery = withBatch({ sending_queue: small, retry_on_failure: off }, rig);
    const exporting = await startExporting(factory, signal, { ...target.config, ...delivery });
    for (const backend of target.backends) {
      backend.stored.length = 0;
      backend.requests = 0;
      backend.hold();
    }
    const told = nobodyTold();
    let open = 12;
    const sending = Array.from({ length: open }, async (_, i) => {
      const refusal = await offer(exporting.entry, numbered(signal, numbersFrom(10 * i, 10)));
      open -= 1;
      for (const number of numbersFrom(10 * i, 10)) {
        (refusal ? told.refused : told.accepted).add(number);
      }
      if (refusal !== undefined) told.refusals.push(refusal);
    });
    const waiting = blocks ? 7 : 0;
    await until(() => open === waiting && asked(target), 'the queue takes what fits');
    await settle();
    assert.equal(told.accepted.size, 50);
    assert.equal(nodeOf(exporting).held, 50);
    assert.equal(told.refused.size, blocks ? 0 : 70);
    assert.equal(open, waiting);
    assert.ok(told.refusals.every(({ retryable }) => retryable));
    for (const backend of target.backends) backend.release();
    await Promise.all(sending);
    await drained(exporting);
    await stopExporting(exporting);
    assertAccounted({ one, exporting, told });
    assert.equal(counted(exporting, 'enqueue_failed'), told.refused.size);
  }
});

each('stays within the memory budget', hasDelivery, async (one) => {
  const { factory, signal, target, rig } = one;
  const large = { queue_size: 1000, num_consumers: 2 };
  const delivery = withBatch({ sending_queue: large, retry_on_failure: soon }, rig);
  const limit = 64 * 1024;
  const config = { ...target.config, ...delivery };
  const exporting = await startExporting(factory, signal, config, { budgetBytes: limit });
  for (const backend of target.backends) backend.hold();
  const told = nobodyTold();
  const batch = numbered(signal, numbersFrom(0, 100)).byteLength;
  const sending = Array.from({ length: 40 }, async (_, i) => {
    const numbers = numbersFrom(100 * i, 100);
    const refusal = await offer(exporting.entry, numbered(signal, numbers));
    for (const number of numbers) (refusal ? told.refused : told.accepted).add(number);
    if (refusal !== undefined) told.refusals.push(refusal);
  });
  await until(() => told.refused.size > 0 && asked(target), 'there is no room');
  await settle();
  assert.ok(exporting.settings.budget.used <= limit);
  assert.ok((nodeOf(exporting).held / 100) * batch <= limit, `${nodeOf(exporting).held} held`);
  for (const backend of target.backends) backend.release();
  await Promise.all(sending);
  assert.ok(told.refusals.every(({ retryable }) => retryable));
  await drained(exporting);
  await stopExporting(exporting);
  assertAccounted({ one, exporting, told });
  assert.equal(counted(exporting, 'enqueue_failed'), told.refused.size);
});

each('delivers or counts what it holds when it ends', hasDelivery, async (one) => {
  const { factory, signal, target, rig } = one;
  for (const fate of ['taken', 'retryable', 'permanent'] as const) {
    const patient = { ...soon, initial_interval: '10s', max_interval: '10s' };
    const delivery = withBatch({ sending_queue: queue, retry_on_failure: patient }, rig);
    const exporting = await startExporting(factory, signal, { ...target.config, ...delivery });
    for (const backend of target.backends) {
      backend.stored.length = 0;
      backend.requests = 0;
      backend.fate = () => fate;
      backend.hold();
    }
    const told = nobodyTold();
    const sending = sendAll(signal, exporting.entry, { batches: 12, items: 10, attempts: 1 }, told);
    await until(() => asked(target), 'a request comes');
    const stopping = exporting.component.shutdown();
    await settle();
    for (const backend of target.backends) backend.release();
    await stopping;
    await sending;
    await stopExporting(exporting);
    assertAccounted({ one, exporting, told });
    if (fate === 'taken') assert.deepEqual(nodeOf(exporting).dropped, {});
    else assert.equal(target.stored().length, 0);
  }
});

each('goes on with what its queue on disk has after a restart', hasDelivery, async (one) => {
  const { factory, signal, target, rig } = one;
  const storage = memoryStorage();
  const onDisk = { ...queue, storage: 'storage' };
  const config = {
    ...target.config,
    ...withBatch({ sending_queue: onDisk, retry_on_failure: soon }, rig),
  };
  for (const backend of target.backends) backend.fate = () => 'retryable';
  const first = await startExporting(factory, signal, config, { storage });
  const told = await sendAll(signal, first.entry, { batches: 12, items: 10, attempts: 1 });
  assert.equal(told.accepted.size, 120);
  await until(() => asked(target), 'a request comes');
  await first.component.shutdown();
  assert.deepEqual(nodeOf(first).dropped, {});
  for (const backend of target.backends) backend.fate = () => 'taken';
  const second = await startExporting(factory, signal, config, { storage });
  await until(() => target.stored().length >= 120, 'all of it arrives');
  await drained(second);
  await stopExporting(second);
  const stored = target.stored();
  assert.equal(new Set(stored).size, 120);
  if (rig.divides !== true) assert.equal(stored.length, 120, 'items arrived twice');
});

each('repeats what may have been lost, and loses nothing', hasDelivery, async (one) => {
  const { factory, signal, target, rig } = one;
  const delivery = withBatch({ sending_queue: queue, retry_on_failure: soon }, rig);
  const config = { ...target.config, ...delivery, timeout: '100ms' };
  const exporting = await startExporting(factory, signal, config);
  const random = seededRandom(3);
  for (const backend of target.backends) {
    backend.fate = () => {
      const x = random.float();
      return x < 0.15 ? 'taken, no answer' : x < 0.3 ? 'lost, no answer' : 'taken';
    };
  }
  const told = await sendAll(signal, exporting.entry, { batches: 12, items: 10, attempts: 1 });
  await drained(exporting);
  await stopExporting(exporting);
  assert.equal(told.accepted.size, 120);
  assert.equal(new Set(target.stored()).size, 120);
  assert.equal(nodeOf(exporting).delivered, 120);
  assert.deepEqual(nodeOf(exporting).dropped, {});
});
