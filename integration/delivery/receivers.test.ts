/*
 * What every receiver tells its senders when the pipeline refuses, is slow, or ends: each item that
 * a sender was told is accepted is there once, and none that it was told is not.
 */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Consumer, Consumers } from '../../component/consumer.ts';
import { itemNames } from '../../component/signals.ts';
import { registry } from '../../gateway/components.ts';
import { realClock } from '../../testing/clock.ts';
import { type FaultySink, faultySink } from '../../testing/contract/faulty-sink.ts';
import { judgeOf, mixes } from '../../testing/contract/judge.ts';
import { type NumberedSignal, numbersFrom } from '../../testing/contract/numbered.ts';
import { seededRandom } from '../../testing/random.ts';
import { realTimeSettings } from '../../testing/settings.ts';
import { until } from '../../testing/until.ts';
import { type Answer, type ReceiverRig, receiverRigs, type Senders } from './receiver-rigs.ts';

test('every receiver has a rig', () => {
  const types = registry.filter(({ kind }) => kind === 'receiver').map(({ type }) => type);
  const without = types.filter((type) => receiverRigs[type] === undefined);
  assert.deepEqual(without, [], 'see receiver-rigs.ts');
  for (const rigs of Object.values(receiverRigs)) {
    if (typeof rigs === 'string') assert.ok(existsSync(join(import.meta.dirname, rigs)), rigs);
  }
});

interface Running {
  readonly signal: NumberedSignal;
  readonly sink: FaultySink;
  readonly senders: Senders;
  readonly settings: ReturnType<typeof realTimeSettings>;
  stop(): Promise<void>;
}

async function start(rig: ReceiverRig, signal: NumberedSignal, budget?: number): Promise<Running> {
  const { factory } = rig;
  assert.equal(factory.kind, 'receiver');
  const senders = await rig.open(signal);
  const sink = faultySink(signal);
  const settings = realTimeSettings(realClock(), {
    id: factory.type,
    ...(budget === undefined ? {} : { budgetBytes: budget }),
  });
  const next = { [signal]: sink as Consumer<typeof signal> } as Consumers;
  const receiver = factory.create(settings, factory.config.parse(senders.config), next);
  await receiver.start();
  let isStopped = false;
  return {
    signal,
    sink,
    senders,
    settings,
    async stop() {
      if (isStopped) return;
      isStopped = true;
      await receiver.shutdown();
      await receiver.shutdown();
      await senders.stop();
      assert.equal(settings.budget.used, 0, 'memory is still reserved');
      assert.equal(settings.meter.gauges, 0, 'gauges are left');
      assert.deepEqual(settings.host.faults, []);
    },
  };
}

/** Value of a metric of receivers: `accepted`, `refused`, `failed`. */
const counted = ({ settings, signal }: Running, what: string): number =>
  settings.meter.value(`otelcol_receiver_${what}_${itemNames[signal]}`);

function each(what: string, run: (running: Running) => Promise<void>, budgetBytes?: number): void {
  for (const [type, rigs] of Object.entries(receiverRigs)) {
    for (const rig of typeof rigs === 'string' ? [] : rigs) {
      test(`${type} ${rig.name} ${what}`, async (t) => {
        for (const signal of rig.signals) {
          await t.test(signal, async () => {
            const running = await start(rig, signal, budgetBytes);
            try {
              await run(running);
            } finally {
              running.sink.release();
              await running.stop();
            }
          });
        }
      });
    }
  }
}

/** Four senders, which repeat what is refused for now. */
async function sendAll({ senders }: Running, batches: number, items: number) {
  const ends: Record<Answer, number[]> = { accepted: [], again: [], never: [] };
  let refusals = 0;
  let next = 0;
  const one = async (): Promise<void> => {
    while (next < batches) {
      const numbers = numbersFrom(items * next++, items);
      let answer: Answer = 'again';
      for (let attempt = 0; attempt < 30 && answer === 'again'; attempt += 1) {
        answer = await senders.send(numbers);
        if (answer !== 'accepted') refusals += 1;
      }
      ends[answer].push(...numbers);
    }
  };
  await Promise.all([one(), one(), one(), one()]);
  return { ...ends, refusals };
}

const sorted = (numbers: readonly number[]): number[] => [...numbers].sort((a, b) => a - b);

for (const [name, mix] of Object.entries(mixes)) {
  each(`tells senders the truth: ${name}`, async (running) => {
    running.sink.judge = judgeOf(mix, seededRandom(11));
    const { accepted, never, again, refusals } = await sendAll(running, 20, 10);
    await running.stop();
    assert.deepEqual(sorted(running.sink.taken), sorted(accepted));
    assert.equal(accepted.length + never.length + again.length, 200);
    assert.equal(counted(running, 'accepted'), accepted.length);
    const refused = counted(running, 'refused') + counted(running, 'failed');
    assert.equal(refused, refusals * 10);
    if (mix.permanent === 0) assert.equal(accepted.length, 200);
    else assert.ok(never.length > 0);
  });
}

each('lets senders wait while the pipeline is slow', async (running) => {
  const { sink, senders } = running;
  sink.hold();
  let open = 10;
  const sending = Array.from({ length: open }, (_, i) =>
    senders.send(numbersFrom(10 * i, 10)).then((answer) => {
      open -= 1;
      return answer;
    }),
  );
  await until(() => sink.calls.open > 0, 'a call comes');
  await sleep(30);
  assert.equal(open, 10, 'answered before the pipeline was');
  assert.ok(running.settings.budget.used > 0, 'what waits is not reserved');
  sink.release();
  assert.deepEqual(await Promise.all(sending), new Array(10).fill('accepted'));
  await running.stop();
  assert.deepEqual(sorted(sink.taken), numbersFrom(0, 100));
});

each(
  'refuses for now what there is no memory for',
  async (running) => {
    const { sink, senders } = running;
    sink.hold();
    const answers: Answer[] = [];
    const sending = Array.from({ length: 40 }, async (_, i) => {
      const answer = await senders.send(numbersFrom(40 * i, 40));
      answers.push(answer);
      return { answer, numbers: numbersFrom(40 * i, 40) };
    });
    await until(() => answers.length > 0, 'something is refused');
    assert.ok(answers.every((answer) => answer === 'again'));
    sink.release();
    const ends = await Promise.all(sending);
    await running.stop();
    const accepted = ends.filter(({ answer }) => answer === 'accepted');
    assert.deepEqual(sorted(sink.taken), sorted(accepted.flatMap(({ numbers }) => numbers)));
    assert.ok(ends.every(({ answer }) => answer !== 'never'));
  },
  8 * 1024,
);

each('answers what is under way when it ends', async (running) => {
  const { sink, senders } = running;
  sink.hold();
  const sending = Array.from({ length: 6 }, (_, i) => senders.send(numbersFrom(10 * i, 10)));
  await until(() => sink.calls.open === 6, 'all calls come');
  const stopping = running.stop();
  await sleep(20);
  sink.release();
  assert.deepEqual(await Promise.all(sending), new Array(6).fill('accepted'));
  await stopping;
  assert.equal(sink.taken.length, 60);
});
