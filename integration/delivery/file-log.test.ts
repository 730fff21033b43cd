/* The receiver `file_log` goes on where the pipeline stopped taking, also after a restart. */
import assert from 'node:assert/strict';
import { appendFileSync, mkdtempSync, rmSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { mapStorage, testReceiver } from '../../receivers/file_log/testing.ts';
import type { FakeClock } from '../../testing/clock.ts';
import { errorOf, judgeOf, mixes, type Verdict } from '../../testing/contract/judge.ts';
import { numbersFrom } from '../../testing/contract/numbered.ts';
import { seededRandom } from '../../testing/random.ts';
import { until } from '../../testing/until.ts';
import { linesSink } from './lines-sink.ts';

const lines = (from: number, count: number): string =>
  numbersFrom(from, count)
    .map((number) => `line ${number}\n`)
    .join('');

const retries = {
  enabled: true,
  initial_interval: '100ms',
  max_interval: '1s',
  max_elapsed_time: 0,
};

interface Options {
  readonly retry?: object;
  readonly values?: Map<string, Uint8Array>;
  readonly more?: object;
}

/**
 * Lets time pass, and files be read meanwhile: what the receiver asks of the file system is
 * answered as soon as what is asked here.
 */
async function pass(clock: FakeClock, ms: number): Promise<void> {
  for (let passed = 0; passed < ms; passed += 100) {
    await clock.advance(100);
    for (let i = 0; i < 10; i += 1) await stat(tmpdir());
  }
}

/** A folder of the test's own. */
function folderOf(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'delivery-'));
  t.after(() => rmSync(folder, { recursive: true }));
  return folder;
}

/** A receiver of a folder's files that remembers in `values`. */
async function start(folder: string, sink: ReturnType<typeof linesSink>, options: Options = {}) {
  const { retry = retries, values = new Map<string, Uint8Array>(), more = {} } = options;
  const running = testReceiver(
    {
      include: [join(folder, '*.log')],
      start_at: 'beginning',
      storage: 'storage',
      retry_on_failure: retry,
      ...more,
    },
    sink,
    new Map([['storage', mapStorage(values)]]),
  );
  await running.receiver.start();
  const counted = (what: string) =>
    running.settings.meter.value(`otelcol_receiver_${what}_log_records`);
  return { ...running, counted };
}

for (const [name, mix] of Object.entries(mixes)) {
  test(`every line is handed on or counted: ${name}`, async (t) => {
    const folder = folderOf(t);
    const sink = linesSink();
    sink.judge = judgeOf(mix, seededRandom(2));
    const { receiver, clock, counted, settings } = await start(folder, sink);
    for (let i = 0; i < 10; i += 1) {
      appendFileSync(join(folder, `${i % 3}.log`), lines(40 * i, 40));
      await pass(clock, 5000);
    }
    await receiver.shutdown();
    assert.equal(new Set(sink.taken).size, sink.taken.length, 'lines came twice');
    assert.equal(sink.taken.length, counted('accepted'));
    assert.equal(sink.taken.length + counted('refused') + counted('failed'), 400);
    if (mix.permanent === 0) assert.equal(sink.taken.length, 400);
    assert.equal(settings.budget.used, 0);
  });
}

test('without retries what is refused is counted', async (t) => {
  const folder = folderOf(t);
  const sink = linesSink();
  sink.judge = () => 'retryable';
  const { receiver, clock, counted } = await start(folder, sink, { retry: { enabled: false } });
  appendFileSync(join(folder, 'a.log'), lines(0, 30));
  await pass(clock, 1000);
  await receiver.shutdown();
  assert.equal(counted('refused'), 30);
});

for (const size of [30, 2500]) {
  test(`what was refused when it ended comes after a restart: ${size} lines`, async (t) => {
    const folder = folderOf(t);
    const values = new Map<string, Uint8Array>();
    const sink = linesSink();
    const first = await start(folder, sink, { values });
    appendFileSync(join(folder, 'a.log'), lines(0, 10));
    await pass(first.clock, 1000);
    assert.equal(sink.taken.length, 10);
    sink.judge = () => 'retryable';
    appendFileSync(join(folder, 'a.log'), lines(10, size));
    await pass(first.clock, 1000);
    await first.receiver.shutdown();
    assert.equal(sink.taken.length, 10);
    assert.equal(first.settings.budget.used, 0);
    sink.judge = () => undefined;
    const second = await start(folder, sink, { values });
    await pass(second.clock, 2000);
    await second.receiver.shutdown();
    assert.deepEqual(sink.taken, numbersFrom(0, 10 + size));
  });
}

test('what had no memory when it ended comes after a restart', async (t) => {
  const folder = folderOf(t);
  const values = new Map<string, Uint8Array>();
  const sink = linesSink();
  const first = await start(folder, sink, { values });
  const { budget } = first.settings;
  assert.ok(budget.tryReserve(budget.limit));
  appendFileSync(join(folder, 'a.log'), lines(0, 50));
  await pass(first.clock, 1000);
  const stopping = first.receiver.shutdown();
  await pass(first.clock, 1000);
  await stopping;
  assert.equal(sink.taken.length, 0);
  const second = await start(folder, sink, { values });
  await pass(second.clock, 1000);
  await second.receiver.shutdown();
  assert.deepEqual(sink.taken, numbersFrom(0, 50));
});

test('a pipeline that is slow holds reading back', async (t) => {
  const folder = folderOf(t);
  const sink = linesSink();
  const { receiver, clock, settings } = await start(folder, sink);
  sink.hold();
  appendFileSync(join(folder, 'a.log'), lines(0, 20_000));
  await until(async () => {
    await pass(clock, 200);
    return sink.calls.open > 0;
  }, 'a call');
  await pass(clock, 5000);
  assert.equal(sink.calls.open, 1);
  assert.ok(settings.budget.used > 0 && settings.budget.used < 2 ** 20);
  sink.release();
  const isRead = async (): Promise<boolean> => {
    await pass(clock, 200);
    return sink.taken.length >= 20_000;
  };
  await until(isRead, 'all lines');
  await receiver.shutdown();
  assert.deepEqual(sink.taken, numbersFrom(0, 20_000));
});

test('errors of the pipeline decide, not its messages', async (t) => {
  for (const verdict of ['retryable', 'permanent'] as const satisfies Verdict[]) {
    const folder = folderOf(t);
    const sink = linesSink();
    let left = 1;
    sink.judge = () => (left-- > 0 ? verdict : undefined);
    const { receiver, clock, counted } = await start(folder, sink);
    appendFileSync(join(folder, 'a.log'), lines(0, 5));
    await pass(clock, 3000);
    await receiver.shutdown();
    assert.equal(sink.taken.length, errorOf(verdict).retryable ? 5 : 0);
    const lost = counted('refused') + counted('failed');
    assert.equal(lost, errorOf(verdict).retryable ? 0 : 5);
  }
});
