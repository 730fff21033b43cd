import assert from 'node:assert/strict';
import { test } from 'node:test';
import { crc32c } from '@node-rs/crc32';
import fc from 'fast-check';
import type { PipelineError } from '../../../component/errors.ts';
import { settle } from '../../../testing/clock.ts';
import { listLogger } from '../../../testing/settings.ts';
import { FakeFiles } from './fake-files.ts';
import { encodeRecord, encodeSegmentHeader, scanSegment } from './format.ts';
import { type LogOptions, SegmentedLog } from './log.ts';
import { Quota } from './quota.ts';

const options = (changes: Partial<LogOptions> = {}): LogOptions => ({
  segmentBytes: 600,
  reserveBytes: 300,
  fsync: false,
  quota: new Quota(0),
  ...changes,
});

function open(files: FakeFiles, changes: Partial<LogOptions> = {}, logger = listLogger()) {
  return SegmentedLog.open(files, crc32c, logger, options(changes));
}

async function recovered(log: SegmentedLog): Promise<[number, string, string][]> {
  const found: [number, string, string][] = [];
  for (const { position, type, bytes, head } of log.recovered()) {
    const { payload } = await log.read(position);
    assert.equal(bytes, payload.length);
    assert.deepEqual(head, payload.subarray(0, head.length));
    assert.ok(head.length >= Math.min(64, bytes));
    found.push([position, type, Buffer.from(payload).toString()]);
  }
  return found;
}

const text = (value: string) => [Buffer.from(value)];

test('records come back in order, without those that were acknowledged', async () => {
  const files = new FakeFiles();
  const log = await open(files);
  const positions = await Promise.all(['a', 'b', 'c', 'd'].map((s) => log.append('data', text(s))));
  await log.ack([positions[1]!]);
  const sealed = await log.append('sealed', text('c+d'), [positions[2]!, positions[3]!]);
  assert.deepEqual([...(await log.read(sealed)).payload], [...Buffer.from('c+d')]);
  await log.close();
  const again = await open(files);
  assert.deepEqual(await recovered(again), [
    [0, 'data', 'a'],
    [4, 'sealed', 'c+d'],
  ]);
  assert.equal(await again.append('data', text('e')), 5);
  await again.close();
});

test('appends at the same time become one write', async () => {
  const files = new FakeFiles();
  const log = await open(files, { segmentBytes: 100_000 });
  await log.append('data', text('first'));
  files.operationsLeft = 1000;
  await Promise.all(Array.from({ length: 50 }, (_, i) => log.append('data', text(`${i}`))));
  assert.equal(1000 - files.operationsLeft, 1);
  await log.close();
});

test('a segment goes when all of it is acknowledged, in whatever order', async () => {
  const files = new FakeFiles();
  const log = await open(files);
  const positions: number[] = [];
  for (let i = 0; i < 20; i++) positions.push(await log.append('data', text('x'.repeat(200))));
  const before = [...files.files.keys()].filter((name) => name.endsWith('.seg')).length;
  assert.ok(before >= 7, `${before} segments`);
  for (const position of positions.toReversed()) await log.ack([position]);
  assert.equal(log.bytes, 0);
  await settle();
  const after = [...files.files.keys()].filter((name) => name.endsWith('.seg')).length;
  assert.ok(after <= 1, `${after} segments are left`);
  await log.close();
});

test('acknowledgements outlive the segment that they were written in', async () => {
  const files = new FakeFiles();
  const log = await open(files);
  const kept = await log.append('data', text('kept'));
  const done = await log.append('data', text('done'));
  for (let i = 0; i < 10; i++) {
    const filler = await log.append('data', text('x'.repeat(300)));
    await log.ack(i === 0 ? [filler, done] : [filler]);
  }
  await log.close();
  const again = await open(files);
  assert.deepEqual(await recovered(again), [[kept, 'data', 'kept']]);
  await again.close();
});

test('a full disk while acknowledgements are moved does not lose them', async () => {
  const files = new FakeFiles();
  const log = await open(files, { reserveBytes: 0 });
  const kept = await log.append('data', text('kept'));
  const done = [await log.append('data', text('x'.repeat(600)))];
  done.push(await log.append('data', text('x'.repeat(510)))); // the second segment
  files.capacity = files.used + 32 + 8 * done.length;
  await log.ack(done); // fills the second segment, and its acknowledgement is to be moved
  await settle();
  const crashed = await open(files.afterCrash(), { reserveBytes: 0 });
  assert.deepEqual(await recovered(crashed), [[kept, 'data', 'kept']]);
  files.capacity = Number.POSITIVE_INFINITY;
  await log.append('data', text('room'));
  await settle();
  assert.ok(!files.files.has('0000000002.seg'), 'the second segment is still there');
  await log.close();
  const again = await open(files, { reserveBytes: 0 });
  assert.deepEqual(await recovered(again), [
    [kept, 'data', 'kept'],
    [3, 'data', 'room'],
  ]);
  await again.close();
});

test('an acknowledgement that found no space is written when the log is closed', async () => {
  const files = new FakeFiles();
  const log = await open(files, { reserveBytes: 0, segmentBytes: 10_000 });
  const [a] = await Promise.all([log.append('data', text('a')), log.append('data', text('b'))]);
  files.capacity = files.used;
  await log.ack([a!]);
  files.capacity = Number.POSITIVE_INFINITY;
  await log.close();
  const again = await open(files, { reserveBytes: 0 });
  assert.deepEqual(await recovered(again), [[1, 'data', 'b']]);
  await again.close();
});

test('with fsync the name of the space set aside is durable before it is relied on', async () => {
  const files = new FakeFiles();
  const log = await open(files, { fsync: true, reserveBytes: 300, segmentBytes: 10_000 });
  const position = await log.append('data', text('a'));
  files.capacity = files.used;
  let synced = 0;
  const syncDirectory = files.syncDirectory.bind(files);
  files.syncDirectory = () => {
    synced++;
    return syncDirectory();
  };
  await log.append('sealed', text('b'), [position]);
  assert.equal(synced, 1);
  await log.close();
});

test('programming errors are told apart', async () => {
  const log = await open(new FakeFiles());
  const position = await log.append('data', text('a'));
  await log.ack([position]);
  await assert.rejects(log.ack([position]), /^Error: BUG: acknowledgement of record 0/);
  await assert.rejects(log.read(position), /^Error: BUG: read of record 0/);
  await log.close();
  await assert.rejects(log.append('data', text('b')), /the queue log is closed/);
});

test('a file cut at any byte gives the records before the cut, and goes on', async () => {
  const files = new FakeFiles();
  const log = await open(files, { segmentBytes: 100_000, reserveBytes: 0 });
  const ends = [0];
  const payloads = ['one', '', 'three is longer', 'x'.repeat(100)];
  const [name] = [...files.files.keys()];
  for (const payload of payloads) {
    await log.append('data', text(payload));
    ends.push([...files.files.values()][0]!.bytes.length);
  }
  assert.equal(name, undefined);
  await log.close();
  const [segment] = [...files.files.keys()];
  const whole = files.files.get(segment!)!.bytes;
  for (let cut = 0; cut <= whole.length; cut++) {
    const found = new FakeFiles();
    const bytes = Buffer.from(whole.subarray(0, cut));
    found.files.set(segment!, { bytes, synced: bytes, pending: [] });
    const again = await open(found, { reserveBytes: 0 });
    const expected = payloads.filter((_, i) => ends[i + 1]! <= cut);
    assert.deepEqual(
      (await recovered(again)).map(([, , payload]) => payload),
      expected,
      `cut at ${cut}`,
    );
    assert.equal(again.faults, 0, `cut at ${cut}`);
    await again.append('data', text('next'));
    await again.close();
    const third = await open(found, { reserveBytes: 0 });
    assert.deepEqual(
      (await recovered(third)).map(([, , payload]) => payload),
      [...expected, 'next'],
    );
    await third.close();
  }
});

test('corruption in the middle costs the rest of its segment and is reported', async () => {
  const files = new FakeFiles();
  const log = await open(files, { reserveBytes: 0 });
  for (let i = 0; i < 6; i++) await log.append('data', text(`${i}`.repeat(200)));
  await log.close();
  const names = [...files.files.keys()].sort();
  assert.ok(names.length >= 2);
  const first = files.files.get(names[0]!)!.bytes;
  first[16 + 32 + 10]! ^= 1;
  const logger = listLogger();
  const again = await open(files, { reserveBytes: 0 }, logger);
  assert.equal(again.faults, 1);
  const lines = logger.lines.filter((line) => line.level === 'error');
  assert.equal(lines[0]?.message, 'Queue segment is corrupt: the rest of it is lost');
  const left = (await recovered(again)).map(([, , payload]) => payload[0]);
  assert.deepEqual(left, ['3', '4', '5']);
  await again.close();
});

test('a file that cannot be read is put aside and does not stop the start', async () => {
  const files = new FakeFiles();
  const log = await open(files, { reserveBytes: 0 });
  for (let i = 0; i < 6; i++) await log.append('data', text(`${i}`.repeat(200)));
  await log.close();
  const [first] = [...files.files.keys()].sort();
  files.unreadable.add(first!);
  const logger = listLogger();
  const again = await open(files, { reserveBytes: 0 }, logger);
  assert.equal(again.faults, 1);
  assert.match(logger.lines[0]?.message ?? '', /it is put aside/);
  assert.ok(files.files.has(`${first}.unreadable`));
  const left = (await recovered(again)).map(([, , payload]) => payload[0]);
  assert.ok(left.length > 0 && !left.includes('0'));
  await again.append('data', text('next'));
  await again.close();
});

test('what a newer version wrote keeps the log from opening, untouched', async () => {
  const files = new FakeFiles();
  const log = await open(files, { reserveBytes: 0 });
  for (let i = 0; i < 6; i++) await log.append('data', text(`${i}`.repeat(200)));
  await log.close();
  const [first] = [...files.files.keys()].sort();
  const file = files.files.get(first!)!;
  const whole = Buffer.from(file.bytes);
  const names = [...files.files.keys()];
  const newer =
    /^Error: cannot read queue segment \d+.seg: a newer version of this program wrote it/;
  file.bytes.write('WSTLOG02', 0, 'latin1');
  await assert.rejects(open(files), newer);
  file.bytes = Buffer.from(whole);
  const length = 32 + file.bytes.readUInt32LE(16 + 12);
  file.bytes[16 + 8] = 7; // the type of the first record
  file.bytes.writeUInt32LE(crc32c(file.bytes.subarray(16 + 8, 16 + length)), 16 + 4);
  await assert.rejects(open(files), newer);
  assert.deepEqual([...files.files.keys()], names);
  file.bytes = whole;
  const again = await open(files, { reserveBytes: 0 });
  assert.equal((await recovered(again)).length, 6);
  await again.close();
});

test('max_bytes refuses data, not what makes room', async () => {
  const quota = new Quota(1500);
  const log = await open(new FakeFiles(), { quota });
  const positions: number[] = [];
  let refused: PipelineError | undefined;
  for (let i = 0; i < 10 && refused === undefined; i++) {
    await log.append('data', text('x'.repeat(200))).then(
      (position) => positions.push(position),
      (error) => (refused = error),
    );
  }
  assert.ok(positions.length >= 4);
  assert.equal(refused?.retryable, true);
  assert.match(refused?.message ?? '', /of max_bytes 1500 are used/);
  await log.append('sealed', text('y'.repeat(100)), positions.slice(1));
  await log.ack([positions[0]!]);
  await log.append('data', text('x'.repeat(200)));
  await log.close();
  assert.equal(quota.used, 0);
});

test('a full disk: data is refused, sealed records and acknowledgements are written', async () => {
  const files = new FakeFiles();
  const log = await open(files, { reserveBytes: 1000 });
  files.capacity = 4000;
  const positions: number[] = [];
  let refused: PipelineError | undefined;
  while (refused === undefined) {
    await log.append('data', text('x'.repeat(200))).then(
      (position) => positions.push(position),
      (error) => (refused = error),
    );
  }
  assert.equal(refused.retryable, true);
  assert.match(refused.message, /disk full/);
  const sealed = await log.append('sealed', text('s'.repeat(300)), positions.slice(0, 3));
  await log.ack([positions[3]!]);
  const copy = await open(files.afterCrash());
  assert.deepEqual(
    (await recovered(copy)).map(([position]) => position),
    [...positions.slice(4), sealed],
  );
  await log.ack([...positions.slice(4), sealed]);
  await log.append('data', text('x'.repeat(200)));
  assert.ok(files.files.has('reserve'), 'space is set aside again');
  await log.close();
});

test('scanning never throws and never reads outside', () => {
  const valid = Buffer.concat([
    encodeSegmentHeader(1, crc32c),
    ...encodeRecord('data', 0, text('abc'), [], crc32c),
    ...encodeRecord('sealed', 1, text('defg'), [0], crc32c),
  ]);
  const edit = fc.tuple(fc.nat({ max: valid.length - 1 }), fc.nat({ max: 255 }));
  fc.assert(
    fc.property(fc.array(edit, { maxLength: 4 }), fc.nat({ max: 200 }), (edits, length) => {
      const bytes = Buffer.from(valid.subarray(0, length));
      for (const [at, value] of edits) if (at < bytes.length) bytes[at] = value;
      const scan = scanSegment(bytes, crc32c);
      assert.ok(scan.end <= bytes.length);
      for (const record of scan.records) {
        assert.ok(record.offset + record.length <= bytes.length);
      }
    }),
    { numRuns: 500 },
  );
});
