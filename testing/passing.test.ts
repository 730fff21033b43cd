import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Factory } from '../component/factory.ts';
import { type RegistryEntry, registry } from '../gateway/components.ts';
import { settle } from './clock.ts';
import { errorOf, judgeOf, mixes } from './contract/judge.ts';
import { type NumberedSignal, numbered, numbersFrom } from './contract/numbered.ts';
import {
  droppedBy,
  heldBy,
  inTime,
  type Passing,
  startPassing,
  stopPassing,
  takenBy,
  takenSignals,
} from './contract/passing.ts';
import { type PassingRig, passingRigNames, passingRigs } from './contract/passing-rigs.ts';
import { offer, sendAll, type Told } from './contract/sender.ts';
import { seededRandom } from './random.ts';

/*
 * What every processor and connector does with data when what comes behind it refuses, is slow, or
 * ends: each item is handed on, or refused to the sender, or dropped and counted.
 */

const kinds: readonly string[] = ['processor', 'connector'];
const entries = registry.filter(({ kind }) => kinds.includes(kind));

test('every processor and connector has a rig', () => {
  const names = entries.map(({ kind, type }) => `${kind}/${type}`);
  const without = names.filter((name) => !passingRigNames.includes(name));
  assert.deepEqual(without, [], 'see contract/passing-rigs.ts');
});

/** Runs `run` for each signal and rig of a component. */
function each(
  entry: RegistryEntry,
  what: string,
  run: (factory: Factory<unknown>, rig: PassingRig, signal: NumberedSignal) => Promise<void>,
): void {
  test(`${entry.kind} ${entry.type} ${what}`, async (t) => {
    const { factory } = await entry.load();
    for (const signal of takenSignals(factory)) {
      for (const rig of passingRigs(entry, signal) ?? []) {
        if (!takenSignals(factory, rig).includes(signal)) continue;
        await t.test(`${signal} ${rig.name ?? ''}`, () => run(factory, rig, signal));
      }
    }
  });
}

const sum = (counts: Readonly<Record<string, number>>): number =>
  Object.values(counts).reduce((total, count) => total + count, 0);

/** What was made of the items that were accepted says how many they were. */
function assertCounted({ rig, sinks }: Passing, told: Told): void {
  if (rig.counts === undefined) return;
  let counted = 0;
  for (const { values } of sinks) {
    for (const name of rig.counts) {
      counted += values.taken.get(name) ?? 0;
      if (rig.accepts === 'before next') counted += values.refused.get(name) ?? 0;
    }
  }
  assert.equal(counted, told.accepted.size);
}

/** accepted = handed on + dropped; what was refused did not go on. */
function assertAccounted(passing: Passing, told: Told): void {
  const { rig, sinks } = passing;
  const dropped = droppedBy(passing);
  const reasons = Object.keys(dropped).filter((reason) => dropped[reason] !== 0);
  const known = [...(rig.drops ?? []), 'refused_by_next', 'send_failed', 'rejected', 'shutdown'];
  for (const reason of reasons) assert.ok(known.includes(reason), `dropped as ${reason}`);
  if (rig.gives === 'made') {
    assertCounted(passing, told);
    return;
  }
  const taken = takenBy(passing);
  const unique = new Set(taken);
  if (rig.gives !== 'copies') {
    assert.equal(unique.size, taken.length, 'items went on twice');
    for (const number of unique) assert.ok(told.accepted.has(number), `${number} was not accepted`);
  }
  const arrived = [...told.accepted].filter((number) => unique.has(number)).length;
  assert.equal(told.accepted.size, arrived + sum(dropped), JSON.stringify(dropped));
  if (rig.accepts === 'before next' || rig.pipelines !== undefined) return;
  const refused = sinks.reduce((n, { counts }) => n + counts.refused, 0);
  assert.ok(refused === 0 || told.refusals.length > 0, 'refusals do not come to the sender');
}

for (const entry of entries) {
  for (const [name, mix] of Object.entries(mixes)) {
    each(entry, `accounts for every item: ${name}`, async (factory, rig, signal) => {
      const passing = await startPassing(factory, rig, signal);
      const random = seededRandom(7);
      for (const sink of passing.sinks) sink.judge = judgeOf(mix, random);
      const points = rig.points ?? 'gauge';
      const told = await inTime(
        passing.clock,
        sendAll(signal, passing.entry, { batches: 40, items: 10, points, pause: settle }),
      );
      await passing.clock.advance(5000);
      await stopPassing(passing);
      assertAccounted(passing, told);
      if (mix.retryable + mix.permanent === 0) assert.equal(told.accepted.size, 400);
    });
  }
}

/** Senders that do not wait for each other. */
function sendAtOnce(passing: Passing, batches: number, items: number) {
  const { signal, entry, rig } = passing;
  const told: Told = { accepted: new Set(), refused: new Set(), refusals: [] };
  let open = batches;
  const all = Promise.all(
    Array.from({ length: batches }, async (_, i) => {
      const numbers = numbersFrom(i * items, items);
      const refusal = await offer(entry, numbered(signal, numbers, rig.points ?? 'gauge'));
      open -= 1;
      const side = refusal === undefined ? told.accepted : told.refused;
      for (const number of numbers) side.add(number);
      if (refusal !== undefined) told.refusals.push(refusal);
    }),
  );
  return { told, all, open: () => open };
}

/** Items of a batch: those who hold data get much. */
const sizeFor = ({ accepts }: PassingRig) => (accepts === 'with next' ? 20 : 1000);

function assertStillWaits(passing: Passing, accepted: number): void {
  const { rig, settings } = passing;
  if (rig.accepts === 'with next') {
    assert.equal(accepted, sum(droppedBy(passing)), 'accepted before the next has');
    if (rig.name === 'that waits for the result') return;
    assert.equal(heldBy(passing), 0);
    if (rig.remembers !== true) assert.equal(settings.budget.used, 0, 'memory is reserved');
    return;
  }
  if (rig.gives !== 'made') assert.equal(heldBy(passing) + sum(droppedBy(passing)), accepted);
  if (rig.holds !== undefined) assert.ok(accepted <= rig.holds, `${accepted} items are held`);
  if (heldBy(passing) > 0) assert.ok(settings.budget.used > 0, 'what is held is not reserved');
}

for (const entry of entries) {
  each(entry, 'hands back-pressure on', async (factory, rig, signal) => {
    const passing = await startPassing(factory, rig, signal);
    for (const sink of passing.sinks) sink.hold();
    const sending = sendAtOnce(passing, 45, sizeFor(rig));
    await passing.clock.advance(2000);
    assertStillWaits(passing, sending.told.accepted.size);
    const waiting = sending.open();
    assert.ok(sending.told.refusals.every(({ retryable }) => retryable));
    for (const sink of passing.sinks) sink.release();
    await inTime(passing.clock, sending.all);
    if (rig.holds !== undefined) assert.ok(waiting > 0 || sending.told.refusals.length > 0);
    await stopPassing(passing);
    assertAccounted(passing, sending.told);
  });

  each(entry, 'stays within the memory budget', async (factory, rig, signal) => {
    if (rig.accepts === 'with next') return;
    const limit = 2 * 2 ** 20;
    const passing = await startPassing(factory, rig, signal, limit);
    for (const sink of passing.sinks) sink.hold();
    const sending = sendAtOnce(passing, 45, 1000);
    await passing.clock.advance(2000);
    const bytes = numbered(signal, numbersFrom(0, 1000)).byteLength;
    if (rig.gives !== 'made') {
      const most = Math.ceil(limit / bytes) * 1000 + 1000;
      assert.ok(heldBy(passing) <= most, `${heldBy(passing)} items are held in ${limit} bytes`);
    }
    assert.ok(sending.told.refusals.every(({ retryable }) => retryable));
    for (const sink of passing.sinks) sink.release();
    await inTime(passing.clock, sending.all);
    await stopPassing(passing);
    assertAccounted(passing, sending.told);
  });

  each(entry, 'ends while the next is slow', async (factory, rig, signal) => {
    const passing = await startPassing(factory, rig, signal);
    for (const sink of passing.sinks) sink.hold();
    const sending = sendAtOnce(passing, 15, sizeFor(rig));
    await settle();
    const stopping = passing.component.shutdown();
    await settle();
    for (const sink of passing.sinks) sink.release();
    await inTime(passing.clock, stopping);
    await inTime(passing.clock, sending.all);
    await stopPassing(passing);
    assertAccounted(passing, sending.told);
  });

  for (const verdict of ['retryable', 'permanent'] as const) {
    each(entry, `ends while the next refuses: ${verdict} errors`, async (factory, rig, signal) => {
      const passing = await startPassing(factory, rig, signal);
      for (const sink of passing.sinks) sink.judge = () => verdict;
      const sending = sendAtOnce(passing, 5, 40);
      await settle();
      await inTime(passing.clock, passing.component.shutdown());
      await inTime(passing.clock, sending.all);
      await stopPassing(passing);
      assertAccounted(passing, sending.told);
      assert.equal(takenBy(passing).length, 0);
    });
  }

  each(entry, 'passes on why the next refuses', async (factory, rig, signal) => {
    if (rig.accepts === 'before next' || rig.pipelines !== undefined) return;
    const passing = await startPassing(factory, rig, signal);
    const [sink] = passing.sinks;
    for (const verdict of ['retryable', 'permanent'] as const) {
      sink!.judge = () => verdict;
      const from = verdict === 'retryable' ? 1 : 101;
      const batch = numbered(signal, numbersFrom(from, 40), rig.points ?? 'gauge');
      const refusal = await inTime(passing.clock, offer(passing.entry, batch));
      const { retryable, retryAfterMs, status, message } = errorOf(verdict);
      assert.equal(refusal?.retryable, retryable);
      assert.equal(refusal.retryAfterMs, retryAfterMs);
      assert.equal(refusal.status, status);
      assert.ok(refusal.message.includes(message));
    }
    await stopPassing(passing);
  });
}
