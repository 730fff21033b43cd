import assert from 'node:assert/strict';
import { test } from 'node:test';
import { crc32c } from '@node-rs/crc32';
import fc from 'fast-check';
import { listLogger } from '../../../testing/settings.ts';
import { FakeFiles } from './fake-files.ts';
import { SegmentedLog } from './log.ts';
import { Quota } from './quota.ts';

/*
 * The log against a model of it: a table of records and how far each got. Random appends and
 * acknowledgements run, several at a time, until the file system stops at a random operation, in
 * the middle of a write if it is one. Then the log is opened again, and again.
 *
 *   submitted ─> accepted (append resolved) ─> acking (ack submitted) ─> acked (ack resolved)
 *
 * After a crash, what was accepted and not acking must be there, byte for byte; what was acked must
 * not; in between both are right. Nothing else may be there.
 */

type State = 'submitted' | 'accepted' | 'acking' | 'acked';

interface Known {
  readonly payload: string;
  state: State;
  position: number;
  /** Records that it replaces. */
  readonly replaces: readonly Known[];
}

interface Step {
  readonly kind: 'append' | 'seal' | 'ack' | 'wait';
  readonly size: number;
  readonly pick: number;
}

interface Plan {
  readonly steps: readonly Step[];
  readonly operations: number;
  readonly torn: number;
  readonly segmentBytes: number;
  readonly fsync: boolean;
  /** For a power loss: which unsynced writes reached the disk. */
  readonly kept: readonly boolean[];
  /** Bytes that the disk has beyond what is used at first; 0 = plenty. */
  readonly room: number;
}

const step = fc.record({
  kind: fc.constantFrom<Step['kind'][]>('append', 'append', 'append', 'seal', 'ack', 'ack', 'wait'),
  size: fc.nat({ max: 300 }),
  pick: fc.nat({ max: 1000 }),
});

const plan = fc.record({
  steps: fc.array(step, { minLength: 5, maxLength: 60 }),
  operations: fc.integer({ min: 1, max: 250 }),
  torn: fc.double({ min: 0, max: 1, noNaN: true }),
  segmentBytes: fc.constantFrom(200, 700, 100_000),
  fsync: fc.boolean(),
  kept: fc.array(fc.boolean(), { minLength: 1, maxLength: 20 }),
  room: fc.constantFrom(0, 0, 500, 2000, 6000),
});

class Model {
  readonly known: Known[] = [];
  #serial = 0;

  payload(size: number): string {
    return `${this.#serial++}:${'x'.repeat(size)}`;
  }

  live(): Known[] {
    return this.known.filter(({ state }) => state === 'accepted');
  }
}

/** Runs steps until they are done or the file system has stopped. */
async function run(log: SegmentedLog, files: FakeFiles, model: Model, steps: readonly Step[]) {
  const flying: Promise<void>[] = [];
  for (const { kind, size, pick } of steps) {
    if (files.crashed) return;
    const live = model.live();
    if (kind === 'wait') {
      await Promise.race([Promise.all(flying), files.stopped]);
    } else if (kind === 'ack') {
      const one = live[pick % Math.max(1, live.length)];
      if (one !== undefined) flying.push(acknowledge(log, one));
    } else {
      const replaces = kind === 'seal' ? live.slice(0, pick % 4) : [];
      flying.push(append(log, model, kind === 'seal' ? 'sealed' : 'data', size, replaces));
    }
  }
  await Promise.race([Promise.all(flying), files.stopped]);
}

async function append(
  log: SegmentedLog,
  model: Model,
  type: 'data' | 'sealed',
  size: number,
  replaces: Known[],
): Promise<void> {
  const one: Known = { payload: model.payload(size), state: 'submitted', position: -1, replaces };
  model.known.push(one);
  for (const old of replaces) old.state = 'acking';
  try {
    const acks = replaces.map(({ position }) => position);
    one.position = await log.append(type, [Buffer.from(one.payload)], acks);
    one.state = 'accepted';
    for (const old of replaces) old.state = 'acked';
  } catch {
    model.known.splice(model.known.indexOf(one), 1);
    for (const old of replaces) old.state = 'accepted';
  }
}

async function acknowledge(log: SegmentedLog, one: Known): Promise<void> {
  one.state = 'acking';
  await log.ack([one.position]);
  one.state = 'acked';
}

/** Compares what a log found with the model, which takes over what was open. */
async function compare(log: SegmentedLog, model: Model, mayRefuseAcks: boolean): Promise<void> {
  const found = new Map<number, string>();
  for (const { position } of log.recovered()) {
    const { payload } = await log.read(position);
    found.set(position, Buffer.from(payload).toString());
  }
  const payloads = new Map([...found].map(([position, payload]) => [payload, position]));
  assert.equal(payloads.size, found.size, 'a record is there twice');
  for (const one of model.known) {
    const position = payloads.get(one.payload);
    if (one.state === 'accepted') {
      assert.equal(position, one.position, `lost: ${one.payload.slice(0, 20)}`);
    }
    if (one.state === 'acked' && !mayRefuseAcks) {
      assert.equal(position, undefined, `came back: ${one.payload.slice(0, 20)}`);
    }
    const replaced = one.replaces.filter(({ payload }) => payloads.has(payload)).length;
    if (one.state === 'submitted' && one.replaces.length > 0) {
      const expected = position === undefined ? one.replaces.length : 0;
      assert.equal(replaced, expected, 'a sealed record and what it replaces are not atomic');
    }
  }
  const submitted = new Set(model.known.map(({ payload }) => payload));
  for (const payload of payloads.keys()) assert.ok(submitted.has(payload), 'from nowhere');
  const left = model.known.filter(({ payload }) => payloads.has(payload));
  model.known.length = 0;
  for (const one of left) {
    one.state = 'accepted';
    one.position = payloads.get(one.payload)!;
    model.known.push({ ...one, replaces: [] });
  }
}

async function play(given: Plan): Promise<void> {
  const model = new Model();
  let files = new FakeFiles();
  const open = () =>
    SegmentedLog.open(files, crc32c, listLogger(), {
      segmentBytes: given.segmentBytes,
      reserveBytes: 400,
      fsync: given.fsync,
      quota: new Quota(0),
    });
  for (let round = 0; round < 3; round++) {
    const log = await open();
    await compare(log, model, given.room > 0);
    if (given.room > 0) files.capacity = files.used + given.room;
    files.operationsLeft = given.operations;
    files.tornFraction = given.torn;
    await run(log, files, model, given.steps);
    let next = round;
    const keeps = given.fsync ? () => given.kept[next++ % given.kept.length]! : undefined;
    files = files.afterCrash(keeps);
  }
  await compare(await open(), model, given.room > 0);
}

test('whatever stops it, the log keeps what it accepted and nothing else', async () => {
  await fc.assert(fc.asyncProperty(plan, play), { numRuns: 400 });
});
