import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync, utimesSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { collectingSink, permanent, retryable } from '../../testing/sinks.ts';
import {
  doStep,
  mapStorage,
  type Short,
  type Step,
  shortRecords,
  testReceiver,
} from './testing.ts';

let root = '';
const zone = process.env.TZ;
before(() => {
  process.env.TZ = 'UTC';
  root = mkdtempSync(join(tmpdir(), 'file-log-'));
});
after(() => {
  rmSync(root, { recursive: true, force: true });
  if (zone === undefined) delete process.env.TZ;
  else process.env.TZ = zone;
});

let count = 0;
function newDirectory(): string {
  count += 1;
  return join(root, `d${count}`);
}

interface Scenario {
  readonly name: string;
  readonly config: Readonly<Record<string, unknown>>;
  readonly phases: readonly (readonly Step[])[];
  readonly unordered?: boolean;
  readonly records: readonly Short[];
}

const file = new URL('./testdata/scenarios.json', import.meta.url);
const scenarios = JSON.parse(readFileSync(file, 'utf8')) as Scenario[];

/** Which entries of which file came, in their order. */
function byFile(records: readonly Short[], unordered = false): Map<string, string[]> {
  const groups = Map.groupBy(records, (r) => String(r.attributes['log.file.name'] ?? ''));
  const texts = [...groups].map(([name, list]) => {
    const lines = list.map((record) => JSON.stringify(sorted(record)));
    return [name, unordered ? lines.sort() : lines] as const;
  });
  return new Map(texts.sort(([a], [b]) => (a < b ? -1 : 1)));
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([key, inner]) => [key, sorted(inner)]));
}

function inDirectory(value: unknown, directory: string): unknown {
  const text = JSON.stringify(value).replaceAll('{D}', directory);
  return JSON.parse(text);
}

for (const { name, config, phases, unordered, records } of scenarios) {
  test(`as the Go collector: ${name}`, async () => {
    const directory = newDirectory();
    const sink = collectingSink<'logs'>();
    const given = inDirectory({ include: ['{D}/*.log'], ...config }, directory);
    const { receiver, look } = testReceiver(given as Record<string, unknown>, sink);
    const [first, ...rest] = phases;
    for (const step of first!) doStep(directory, step);
    await receiver.start();
    await look(8);
    for (const phase of rest) {
      for (const step of phase) doStep(directory, step);
      await look(8);
    }
    await look(24); // what recombine holds is flushed after five seconds
    await receiver.shutdown();
    const text = JSON.stringify(shortRecords(sink.batches)).replaceAll(`${directory}/`, '');
    const got = JSON.parse(text) as Short[];
    // Owner and mode are those of whoever runs this.
    const mine = (list: readonly Short[]) =>
      list.map((r) => {
        const attributes = { ...r.attributes };
        for (const key of ['owner.name', 'owner.group.name', 'permissions']) {
          if (attributes[`log.file.${key}`] !== undefined) attributes[`log.file.${key}`] = 'some';
        }
        return { ...r, attributes };
      });
    assert.deepEqual(byFile(mine(got), unordered), byFile(mine(records), unordered));
  });
}

const bodies = (records: readonly Short[]) =>
  records.map(({ body }) => (body as { stringValue: string }).stringValue);

test('a restart goes on where the pipeline had accepted', async () => {
  const directory = newDirectory();
  const values = new Map<string, Uint8Array>();
  const extensions = new Map([['file_storage', mapStorage(values)]]);
  const given = { include: [`${directory}/*.log`], start_at: 'beginning', storage: 'file_storage' };
  const run = async (steps: readonly Step[]) => {
    const sink = collectingSink<'logs'>();
    const { receiver, look } = testReceiver(given, sink, extensions);
    await receiver.start();
    for (const step of steps) doStep(directory, step);
    await look(3);
    await receiver.shutdown();
    return bodies(shortRecords(sink.batches));
  };
  assert.deepEqual(await run([['write', 'a.log', 'one\ntwo\n']]), ['one', 'two']);
  assert.deepEqual(await run([['append', 'a.log', 'three\n']]), ['three']);
  doStep(directory, ['rename', 'a.log', 'b.log']);
  assert.deepEqual(await run([['append', 'b.log', 'four\n']]), ['four']);
});

test('without start_at, a restart does not skip what was written meanwhile', async () => {
  const directory = newDirectory();
  const values = new Map<string, Uint8Array>();
  const extensions = new Map([['file_storage', mapStorage(values)]]);
  const given = { include: [`${directory}/*.log`], storage: 'file_storage' };
  doStep(directory, ['write', 'a.log', 'before\n']);
  const first = testReceiver(given, collectingSink<'logs'>(), extensions);
  await first.receiver.start();
  await first.look(2);
  await first.receiver.shutdown();
  doStep(directory, ['append', 'a.log', 'meanwhile\n']);
  const sink = collectingSink<'logs'>();
  const second = testReceiver(given, sink, extensions);
  await second.receiver.start();
  await second.look(2);
  await second.receiver.shutdown();
  assert.deepEqual(bodies(shortRecords(sink.batches)), ['meanwhile']);
});

test('a pipeline that refuses stops the reading, and nothing is lost or doubled', async () => {
  const directory = newDirectory();
  const sink = collectingSink<'logs'>();
  sink.failures.push(retryable(), retryable());
  const { receiver, clock } = testReceiver(
    {
      include: [`${directory}/*.log`],
      start_at: 'beginning',
      retry_on_failure: { enabled: true },
    },
    sink,
  );
  doStep(directory, ['write', 'a.log', 'one\n']);
  await receiver.start();
  await clock.advance(200);
  doStep(directory, ['append', 'a.log', 'two\n']);
  await sleep(20);
  assert.equal(sink.items, 0);
  for (let i = 0; i < 40 || (sink.items < 2 && i < 20_000); i += 1) {
    await clock.advance(200);
    await sleep(2);
  }
  await receiver.shutdown();
  assert.deepEqual(bodies(shortRecords(sink.batches)), ['one', 'two']);
});

test('refused without retries: dropped, counted, and reading goes on', async () => {
  const directory = newDirectory();
  const sink = collectingSink<'logs'>();
  sink.failures.push(permanent());
  const given = { include: [`${directory}/*.log`], start_at: 'beginning' };
  const { receiver, look, settings } = testReceiver(given, sink);
  doStep(directory, ['write', 'a.log', 'one\n']);
  await receiver.start();
  await look(2);
  doStep(directory, ['append', 'a.log', 'two\n']);
  await look(2);
  await receiver.shutdown();
  assert.deepEqual(bodies(shortRecords(sink.batches)), ['two']);
  assert.equal(settings.meter.value('otelcol_receiver_refused_log_records'), 1);
  assert.equal(settings.meter.value('otelcol_receiver_accepted_log_records'), 1);
});

test('what an operator holds is not checkpointed away', async () => {
  const directory = newDirectory();
  const values = new Map<string, Uint8Array>();
  const extensions = new Map([['file_storage', mapStorage(values)]]);
  const given = {
    include: [`${directory}/*.log`],
    start_at: 'beginning',
    storage: 'file_storage',
    operators: [
      {
        type: 'recombine',
        combine_field: 'body',
        is_last_entry: 'body == "end"',
        source_identifier: 'attributes["log.file.name"]',
      },
    ],
  };
  doStep(directory, ['write', 'a.log', 'x\nend\nheld 1\nheld 2\n']);
  const first = testReceiver(given, collectingSink<'logs'>(), extensions);
  await first.receiver.start();
  await first.look(3);
  // The process dies here: what is stored is all that is left.
  const kept = new Map(values);
  await first.receiver.shutdown();
  const sink = collectingSink<'logs'>();
  const second = testReceiver(given, sink, new Map([['file_storage', mapStorage(kept)]]));
  await second.receiver.start();
  doStep(directory, ['append', 'a.log', 'end\n']);
  await second.look(3);
  await second.receiver.shutdown();
  assert.deepEqual(bodies(shortRecords(sink.batches)), ['held 1\nheld 2\nend']);
});

test('another instance takes over how far files were read', async () => {
  const directory = newDirectory();
  const given = { include: [`${directory}/*.log`], start_at: 'beginning' };
  doStep(directory, ['write', 'a.log', 'one\n']);
  const sink = collectingSink<'logs'>();
  const first = testReceiver(given, sink);
  await first.receiver.start();
  await first.look(2);
  const second = testReceiver(given, sink);
  await second.receiver.takeOver(first.receiver);
  await second.receiver.start();
  await first.receiver.shutdown();
  doStep(directory, ['append', 'a.log', 'two\n']);
  await second.look(2);
  await second.receiver.shutdown();
  assert.deepEqual(bodies(shortRecords(sink.batches)), ['one', 'two']);
});

test('a file that is gone for long is found in the archive', async () => {
  const directory = newDirectory();
  const values = new Map<string, Uint8Array>();
  const extensions = new Map([['file_storage', mapStorage(values)]]);
  const sink = collectingSink<'logs'>();
  const { receiver, look } = testReceiver(
    {
      include: [`${directory}/*.log`],
      start_at: 'beginning',
      storage: 'file_storage',
      polls_to_archive: 20,
    },
    sink,
    extensions,
  );
  doStep(directory, ['write', 'a.log', 'one\n']);
  await receiver.start();
  await look(2);
  doStep(directory, ['rename', 'a.log', 'a.gone']);
  await look(12);
  doStep(directory, ['rename', 'a.gone', 'a.log']);
  doStep(directory, ['append', 'a.log', 'two\n']);
  await look(2);
  await receiver.shutdown();
  assert.deepEqual(bodies(shortRecords(sink.batches)), ['one', 'two']);
});

test('a file that shrinks is read as on_truncate says', async () => {
  const wanted = { ignore: ['header', 'two'], read_whole_file: ['header', 'two', 'header'] };
  for (const [mode, lines] of Object.entries(wanted)) {
    const directory = newDirectory();
    const sink = collectingSink<'logs'>();
    const { receiver, look } = testReceiver(
      {
        include: [`${directory}/*.log`],
        start_at: 'beginning',
        fingerprint_size: 16,
        on_truncate: mode,
        operators: [{ type: 'regex_replace', field: 'body', regex: ' .*', replace_with: '' }],
      },
      sink,
    );
    const header = 'header 0123456789abcdef\n';
    doStep(directory, ['write', 'a.log', `${header}two\n`]);
    await receiver.start();
    await look(2);
    doStep(directory, ['truncate', 'a.log', header]);
    await look(3);
    await receiver.shutdown();
    assert.deepEqual(bodies(shortRecords(sink.batches)), lines, mode);
  }
});

test('many lines in many batches come in order, whole, and once', async () => {
  const directory = newDirectory();
  const sink = collectingSink<'logs'>();
  const given = { include: [`${directory}/*.log`], start_at: 'beginning' };
  const { receiver, look } = testReceiver(given, sink);
  const lines = Array.from({ length: 20_000 }, (_, i) => `line ${i}:${'.'.repeat(i % 300)}`);
  doStep(directory, ['write', 'a.log', `${lines.join('\n')}\n`]);
  await receiver.start();
  await look(2);
  await receiver.shutdown();
  assert.deepEqual(bodies(shortRecords(sink.batches)), lines);
  assert.ok(sink.batches.length > 4);
});

test('open files are counted', async () => {
  const directory = newDirectory();
  const given = { include: [`${directory}/*.log`], start_at: 'beginning' };
  const { receiver, look, settings } = testReceiver(given, collectingSink<'logs'>());
  doStep(directory, ['write', 'a.log', 'one\n']);
  await receiver.start();
  await look();
  assert.equal(settings.meter.value('otelcol_fileconsumer_open_files'), 1);
  await receiver.shutdown();
  assert.equal(settings.meter.gauges, 0);
});

test('a storage that is not there is named', async () => {
  const { receiver } = testReceiver(
    { include: ['x'], storage: 'file_storage/nope' },
    collectingSink<'logs'>(),
  );
  await assert.rejects(receiver.start(), /file_storage\/nope/);
  await receiver.shutdown();
});

test('files that were read are deleted once what they held was taken', async () => {
  const directory = newDirectory();
  doStep(directory, ['write', 'a.log', 'one\ntwo\n']);
  doStep(directory, ['write', 'b.log', 'unfinished']);
  const sink = collectingSink<'logs'>();
  let isDown = true;
  const next = {
    ...sink,
    consume: (...given: Parameters<typeof sink.consume>) =>
      isDown ? Promise.reject(retryable()) : sink.consume(...given),
  };
  const given = {
    include: [join(directory, '*.log')],
    start_at: 'beginning',
    delete_after_read: true,
    retry_on_failure: { enabled: true, initial_interval: '1s', max_interval: '1s' },
  };
  const { receiver, clock, look } = testReceiver(given, next, new Map(), [
    'filelog.allowFileDeletion',
  ]);
  await receiver.start();
  const there = () => readdirSync(directory).sort();
  await clock.advance(250);
  assert.deepEqual(there(), ['a.log', 'b.log'], 'nobody has taken them');
  isDown = false;
  for (let i = 0; i < 12_000 && there().length > 1; i += 1) {
    await clock.advance(20);
    await sleep(5);
  }
  assert.deepEqual(there(), ['b.log'], 'its line may go on');
  await look(5);
  assert.deepEqual(there(), []);
  const bodies = () =>
    shortRecords(sink.batches).map(({ body }) => Object.values(body as object)[0]);
  assert.deepEqual(bodies(), ['one', 'two', 'unfinished']);
  doStep(directory, ['write', 'c.log', 'one\ntwo\n']);
  await look(2);
  assert.equal(bodies().length, 5, 'what is gone is forgotten');
  assert.deepEqual(there(), []);
  await receiver.shutdown();
});

test('files by the time of their last change', async () => {
  const directory = newDirectory();
  for (const [i, name] of ['b.log', 'c.log', 'a.log'].entries()) {
    doStep(directory, ['write', name, `${name}\n`]);
    utimesSync(join(directory, name), 1000 + i, 1000 + i);
  }
  for (const [ascending, first] of [
    [true, 'b.log'],
    [false, 'a.log'],
  ] as const) {
    const sink = collectingSink<'logs'>();
    const sort_by = [{ sort_type: 'mtime', ascending }];
    const given = {
      include: [join(directory, '*.log')],
      start_at: 'beginning',
      ordering_criteria: { sort_by },
    };
    const { receiver, look } = testReceiver(given, sink, new Map(), ['filelog.mtimeSortType']);
    await receiver.start();
    await look(2);
    const bodies = shortRecords(sink.batches).map(({ body }) => Object.values(body as object)[0]);
    assert.deepEqual(bodies, [first]);
    await receiver.shutdown();
  }
});
