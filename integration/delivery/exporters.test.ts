/*
 * What every exporter does with data when its backend refuses, is slow, or is gone: each item is
 * delivered, or refused to the sender, or dropped and counted; none comes twice where that is promised.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Factory } from '../../component/factory.ts';
import { registry } from '../../gateway/components.ts';
import { judgeOf, mixes } from '../../testing/contract/judge.ts';
import type { NumberedSignal } from '../../testing/contract/numbered.ts';
import { takenSignals } from '../../testing/contract/passing.ts';
import { sendAll, type Told } from '../../testing/contract/sender.ts';
import { seededRandom } from '../../testing/random.ts';
import { memoryStorage } from '../../testing/record-log.ts';
import { type ExporterRig, exporterRigs, type Target } from './exporter-rigs.ts';
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
  assert.deepEqual(Object.keys(exporterRigs).sort(), types.sort(), 'see exporter-rigs.ts');
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
    for (const rig of exporterRigs[entry.type] ?? []) {
      if (!wants(rig)) continue;
      test(`${entry.type} ${rig.name ?? ''} ${what}`, async (t) => {
        if (rig.obstacle) return t.skip(rig.obstacle);
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

const hasDelivery = ({ hasDelivery: has }: ExporterRig): boolean => has;

const off = { enabled: false };
const soon = { enabled: true, initial_interval: '2ms', max_interval: '10ms', max_elapsed_time: 0 };
const queue = { queue_size: 1000, num_consumers: 3 };

interface Delivery {
  readonly sending_queue: object;
  readonly retry_on_failure: object;
}

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
function withBatch(delivery: Delivery, { batch }: ExporterRig): object {
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
    each(`${way}, ${name}`, hasDelivery, async (one) => {
      const { factory, signal, target } = one;
      const config = { ...target.config, ...withBatch(delivery, one.rig) };
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
