import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import zlib from 'node:zlib';
import fc from 'fast-check';
import { background } from '../../component/consumer.ts';
import type { Logs, Traces } from '../../pdata/batch.ts';
import { parseJson, toJson } from '../../pdata/json.ts';
import { parseRequest } from '../../pdata/parse.ts';
import { type TestSettings, testSettings } from '../../testing/settings.ts';
import { sampleBatch } from '../../testing/spans.ts';
import { config } from './config.ts';
import { pathOf } from './grouped-files.ts';
import { factory } from './index.ts';

const root = mkdtempSync(join(tmpdir(), 'wirestitch-file-'));
after(() => rmSync(root, { recursive: true, force: true }));

let folders = 0;
function folder(): string {
  folders += 1;
  return join(root, String(folders));
}

/** A path in a directory of its own, which is made by the exporter. */
const pathIn = (name: string): string => join(folder(), name);

async function started(given: object, settings: TestSettings = testSettings()) {
  const decoded = config.parse({ create_directory: true, ...given });
  const exporter = factory.create('traces', settings, decoded);
  await exporter.start();
  const send = (batch: Traces = sampleBatch('traces', 2)) => exporter.consume(batch, background);
  return { exporter, settings, send, decoded };
}

function lines(path: string): string[] {
  return readFileSync(path, 'utf8').split('\n').slice(0, -1);
}

/** Messages with four bytes of length before each. */
function messages(path: string): Buffer[] {
  const bytes = readFileSync(path);
  const found: Buffer[] = [];
  for (let at = 0; at < bytes.length; ) {
    const length = bytes.readUInt32BE(at);
    found.push(bytes.subarray(at + 4, at + 4 + length));
    at += 4 + length;
  }
  return found;
}

test('lines of JSON, written when a page is full, after some time and at the end', async () => {
  const path = pathIn('a.json');
  const { exporter, settings, send } = await started({ path, flush_interval: '2s' });
  const one = sampleBatch('traces', 1);
  await send(one);
  assert.equal(readFileSync(path, 'utf8'), '');
  await settings.clock.advance(2000);
  while (readFileSync(path, 'utf8') === '') await new Promise((done) => setTimeout(done, 1));
  assert.deepEqual(lines(path), [toJson(one)]);
  const large = sampleBatch('traces', 100);
  await send(large);
  assert.equal(lines(path).length, 2);
  await send(one);
  await exporter.shutdown();
  assert.deepEqual(lines(path), [toJson(one), toJson(large), toJson(one)]);
  assert.equal(settings.clock.pending, 0);
  const node = settings.book.snapshot().nodes.find((one) => one.node === 'test')!;
  assert.deepEqual([node.delivered, node.held], [102, 0]);
});

test('a file is emptied, or added to', async () => {
  const path = pathIn('a.json');
  for (const append of [false, true, false]) {
    const { exporter, send } = await started({ path, append });
    await send();
    await exporter.shutdown();
    assert.equal(lines(path).length, append ? 2 : 1);
  }
});

test('protobuf and zstd have the length before each message', async () => {
  const batch = sampleBatch('traces', 50);
  const proto = pathIn('a.pb');
  const both = pathIn('a.zst');
  const json = pathIn('a.json.zst');
  const variants = [
    { path: proto, format: 'proto' },
    { path: both, format: 'proto', compression: 'zstd', compression_params: { level: 11 } },
    { path: json, compression: 'zstd' },
  ];
  for (const given of variants) {
    const { exporter, send } = await started(given);
    await send(batch);
    await send(batch);
    await exporter.shutdown();
  }
  assert.equal(messages(proto).length, 2);
  assert.equal(toJson(parseRequest('traces', messages(proto)[1]!)), toJson(batch));
  assert.ok(messages(both)[0]!.length < messages(proto)[0]!.length);
  assert.deepEqual(zlib.zstdDecompressSync(messages(both)[1]!), messages(proto)[1]);
  assert.equal(zlib.zstdDecompressSync(messages(json)[0]!).toString(), toJson(batch));
});

test('exporters of all signals share the file', async () => {
  const path = pathIn('a.json');
  const settings = testSettings();
  const { exporter, send, decoded } = await started({ path }, settings);
  const logs = factory.create('logs', settings, decoded);
  await logs.start();
  await send();
  await logs.consume(sampleBatch('logs', 3) as Logs, background);
  await exporter.shutdown();
  await logs.consume(sampleBatch('logs', 3) as Logs, background);
  await logs.shutdown();
  assert.deepEqual(
    lines(path).map((line) => Object.keys(JSON.parse(line))[0]),
    ['resourceSpans', 'resourceLogs', 'resourceLogs'],
  );
});

test('an exporter in the place of another goes on where that ended', async (t) => {
  if (!existsSync('/proc/self/fd')) t.skip('files that are open cannot be listed here');
  const path = pathIn('a.json');
  const first = await started({ path });
  await first.send();
  const second = await started({ path, flush_interval: '3s' });
  await first.exporter.shutdown();
  await second.send();
  await second.exporter.shutdown();
  assert.equal(lines(path).length, 2);
});

test('files are rotated by size, and old ones go by number and age', async () => {
  const directory = folder();
  const path = join(directory, 'a.json');
  const settings = testSettings();
  const given = { path, rotation: { max_megabytes: 1, max_backups: 2 } };
  const { exporter, send } = await started(given, settings);
  const batch = sampleBatch('traces', 2000);
  const each = Buffer.byteLength(toJson(batch)) + 1;
  const fit = Math.floor((1024 * 1024) / each);
  assert.ok(fit >= 1, String(each));
  for (let i = 0; i < fit * 4 + 1; i += 1) {
    await send(batch);
    await settings.clock.advance(1000);
  }
  await exporter.shutdown();
  const names = readdirSync(directory).sort();
  assert.equal(names.length, 3, names.join());
  assert.match(names[0]!, /^a-2024-01-01T00-\d\d-\d\d\.\d{3}-size\.json$/);
  for (const name of names.slice(0, 2)) assert.equal(lines(join(directory, name)).length, fit);
  assert.equal(lines(path).length, 1);
  assert.equal((await stat(path)).mode & 0o777, 0o640);

  writeFileSync(join(directory, 'a-2023-01-01T00-00-00.000-size.json'), '');
  writeFileSync(join(directory, 'a-not-a-date-size.json'), '');
  const later = await started({ path, rotation: { max_backups: 0, max_days: 7 } }, settings);
  await later.send();
  await later.exporter.shutdown();
  assert.equal(lines(path).length, 2, 'what is there is added to');
  const left = readdirSync(directory);
  assert.ok(!left.includes('a-2023-01-01T00-00-00.000-size.json'));
  assert.ok(left.includes('a-not-a-date-size.json'));
  const tiny = await started({ path, rotation: { max_megabytes: -1 } }, settings);
  await assert.rejects(tiny.send(), /exceeds maximum file size/);
  await tiny.exporter.shutdown();
});

function spansOf(...segments: (string | number | undefined)[]): Traces {
  const resourceSpans = segments.map((segment) => ({
    resource: {
      attributes:
        segment === undefined
          ? []
          : [
              {
                key: 'fileexporter.path_segment',
                value:
                  typeof segment === 'string' ? { stringValue: segment } : { intValue: segment },
              },
            ],
    },
    scopeSpans: [{ spans: [{ name: `of ${segment}` }] }],
  }));
  return parseJson('traces', Buffer.from(JSON.stringify({ resourceSpans })));
}

test('a file for each value of an attribute', async () => {
  const directory = folder();
  const settings = testSettings();
  const group = { enabled: true, max_open_files: 2 };
  const given = { path: join(directory, 'x/*.json'), group_by: group };
  const { exporter, send } = await started(given, settings);
  await send(spansOf('a', 'b', 'a', undefined, 5, 'c/d', '../../../etc/x'));
  await send(spansOf('a', '', '..', '../../../etc/x'));
  await exporter.shutdown();
  const files = readdirSync(directory, { recursive: true }) as string[];
  const written = files.filter((name) => name.endsWith('.json')).sort();
  assert.deepEqual(written, [
    'x/...json',
    'x/.json',
    'x/a.json',
    'x/b.json',
    'x/c/d.json',
    'x/etc/x.json',
  ]);
  const a = lines(join(directory, 'x/a.json')).map((line) => JSON.parse(line).resourceSpans.length);
  assert.deepEqual(a, [2, 1], 'one that was closed meanwhile is added to');
  const node = settings.book.snapshot().nodes.find((one) => one.node === 'test')!;
  assert.deepEqual(node.dropped, { no_path_segment: 2 });
  assert.equal(node.delivered, 9);
});

test('no value leads out of the directory', () => {
  fc.assert(
    fc.property(
      fc.constantFrom('/var/log/x/', '/var/log/x-', 'out/', './out/a', '/'),
      fc
        .array(fc.constantFrom('..', '.', '/', 'a', 'b.c', '\\', ' '))
        .map((parts) => parts.join('')),
      fc.constantFrom('', '.json', '/x.log'),
      (prefix, segment, suffix) => {
        const path = pathOf(prefix, segment, suffix);
        const base = prefix.startsWith('./') ? prefix.slice(2) : prefix;
        const inside = base.endsWith('/') ? base : base.slice(0, base.lastIndexOf('/') + 1);
        assert.ok(path.startsWith(inside) || `${path}/` === inside, path);
        assert.ok(!path.split('/').includes('..'), path);
      },
    ),
    { numRuns: 500 },
  );
});

test('a file that cannot be opened stops the start; one that is full refuses, retryable', async (t) => {
  await assert.rejects(started({ path: join(root, 'none/a'), create_directory: false }), /ENOENT/);
  if (!existsSync('/dev/full')) return t.skip('there is no /dev/full here');
  const { exporter, send } = await started({ path: '/dev/full', append: true });
  const large = sampleBatch('traces', 100);
  const error = await send(large).catch((reason: unknown) => reason);
  assert.match(String(error), /ENOSPC/);
  assert.equal((error as { retryable: boolean }).retryable, true);
  await exporter.shutdown();
});
