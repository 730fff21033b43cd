import assert from 'node:assert/strict';
import { execFile, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { promisify } from 'node:util';
import type { PipelineError } from '../../component/errors.ts';
import type { RecordLog, StorageProvider } from '../../component/extension.ts';
import { realClock } from '../../testing/clock.ts';
import { realTimeSettings } from '../../testing/settings.ts';
import { checkDirectories, config } from './config.ts';
import { factory } from './index.ts';
import { fileNameOf } from './names.ts';

async function temporary(t: TestContext): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'file-storage-'));
  t.after(() => rm(directory, { recursive: true, force: true }));
  return directory;
}

function make(directory: string, given: object = {}) {
  const settings = realTimeSettings(realClock(), { id: 'file_storage' });
  const extension = factory.create(settings, factory.config.parse({ directory, ...given }));
  return { settings, extension, storage: extension.capabilities.storage as StorageProvider };
}

async function payloads(log: RecordLog): Promise<string[]> {
  const found: string[] = [];
  for (const { position } of log.recovered()) {
    found.push(Buffer.from((await log.read(position)).payload).toString());
  }
  return found;
}

const text = (value: string) => [Buffer.from(value)];

test('a log outlives the extension', async (t) => {
  const directory = await temporary(t);
  const first = make(directory);
  await first.extension.start();
  const log = await first.storage.log('exporter_a/b_traces');
  await log.append('data', text('one'));
  const two = await log.append('data', [Buffer.from('t'), Buffer.from('wo')]);
  const sealed = await log.append('sealed', text('2'), [two]);
  assert.equal(Buffer.from((await log.read(sealed)).payload).toString(), '2');
  assert.ok(first.settings.meter.value('wirestitch_file_storage_bytes') > 0);
  await first.extension.shutdown();
  await first.extension.shutdown();
  const second = make(directory, { fsync: true });
  await second.extension.start();
  const again = await second.storage.log('exporter_a/b_traces');
  assert.deepEqual(await payloads(again), ['one', '2']);
  await again.close();
  const third = await second.storage.log('exporter_a/b_traces');
  await third.close();
  await second.extension.shutdown();
});

test('keys and values', async (t) => {
  const directory = await temporary(t);
  const { extension, storage } = make(directory, { fsync: true });
  await extension.start();
  const store = await storage.keyValue('receiver_filelog');
  assert.equal(await store.get('offset/ä'), undefined);
  await store.set('offset/ä', Buffer.from('17'));
  await store.set('offset/ä', Buffer.from('18'));
  assert.equal(Buffer.from((await store.get('offset/ä'))!).toString(), '18');
  await store.delete('offset/ä');
  await store.delete('offset/ä');
  assert.equal(await store.get('offset/ä'), undefined);
  await store.close();
  await extension.shutdown();
});

test('names are safe and tell owners apart', () => {
  assert.equal(fileNameOf('exporter_otlp/x y'), 'exporter_otlp~002Fx~0020y');
  assert.equal(fileNameOf('../x'), '~002E.~002Fx');
  assert.notEqual(fileNameOf('a'.repeat(300)), fileNameOf('a'.repeat(301)));
  assert.ok(fileNameOf('/'.repeat(1000)).length <= 200);
});

test('the directory must exist, or is made with its permissions', async (t) => {
  const directory = join(await temporary(t), 'a', 'b');
  const absent = make(directory);
  await assert.rejects(absent.extension.start(), /directory must exist/);
  await absent.extension.shutdown();
  const made = make(directory, { create_directory: true, directory_permissions: '0700' });
  await made.extension.start();
  assert.equal((await stat(directory)).mode & 0o777, 0o700);
  await made.extension.shutdown();
  const file = join(directory, 'file');
  await writeFile(file, '');
  const wrong = make(file);
  await assert.rejects(wrong.extension.start(), /it is not a directory/);
});

test('a started extension keeps other processes out', async (t) => {
  const directory = await temporary(t);
  const { extension } = make(directory);
  await extension.start();
  const program = `
    import { lockDirectory } from ${JSON.stringify(join(import.meta.dirname, 'lock.ts'))};
    const clock = { monotonicMs: () => performance.now(), after: (ms, run) => setTimeout(run, ms) };
    await lockDirectory(${JSON.stringify(directory)}, 1, clock);
    console.log('locked');
  `;
  const other = () => promisify(execFile)(process.execPath, ['--input-type=module', '-e', program]);
  await assert.rejects(other(), /another process uses it/);
  await extension.shutdown();
  assert.match((await other()).stdout, /locked/);
});

test('one process at a time; the lock of a killed one is free', async (t) => {
  const directory = await temporary(t);
  const program = `
    import { lockDirectory } from ${JSON.stringify(join(import.meta.dirname, 'lock.ts'))};
    const clock = { monotonicMs: () => performance.now(), after: (ms, run) => setTimeout(run, ms) };
    await lockDirectory(${JSON.stringify(directory)}, 1000, clock);
    console.log('locked');
    setInterval(() => {}, 1000);`;
  const args = ['--input-type=module', '-e', program];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  t.after(() => child.kill('SIGKILL'));
  await once(child.stdout, 'data');
  const refused = make(directory, { timeout: '100ms' });
  await assert.rejects(refused.extension.start(), /cannot lock .*: another process uses it/);
  await refused.extension.shutdown();
  child.kill('SIGKILL');
  await once(child, 'exit');
  const next = make(directory, { timeout: '5s' });
  await next.extension.start();
  await next.extension.shutdown();
});

test('files of the Go collector are named and left alone', async (t) => {
  const directory = await temporary(t);
  const page = Buffer.alloc(4096);
  page.writeUInt32LE(0xed0cdaed, 16);
  await writeFile(join(directory, 'exporter_otlp__traces'), page);
  const { extension, settings } = make(directory);
  await extension.start();
  await extension.shutdown();
  const [line] = settings.logger.lines.filter(({ level }) => level === 'warn');
  assert.deepEqual(line?.fields.files, ['exporter_otlp__traces']);
  assert.match(line?.message ?? '', /drain them first/);
  assert.equal((await stat(join(directory, 'exporter_otlp__traces'))).size, 4096);
});

test('configuration: folders that are not there, permissions that are none', () => {
  const decoded = (given: object) => config.parse(given);
  const there = { directory: tmpdir() };
  checkDirectories(decoded({ ...there, directory_permissions: '0999' }));
  const made = { ...there, create_directory: true, directory_permissions: '0999' };
  assert.throws(() => checkDirectories(decoded(made)), /expected octal permissions/);
  const absent = { directory: join(tmpdir(), 'wirestitch-absent', 'x') };
  assert.throws(() => checkDirectories(decoded(absent)), /directory must exist/);
  checkDirectories(decoded({ ...absent, create_directory: true }));
});

test('configuration: what has no meaning is refused with the reason', () => {
  const bad = (given: object, pattern: RegExp) => {
    const parsed = factory.config.safeParse(given);
    assert.match(parsed.error?.issues.map(({ message }) => message).join('; ') ?? '', pattern);
  };
  bad({ compaction: { max_transaction_size: -1 } }, /cannot be less than 0/);
  bad({ compaction: { on_rebound: true, check_interval: '0s' } }, /must be positive/);
  bad({ max_bytes: '8MiB' }, /at least twice `segment_size`/);
  bad({ timeout: '-1s' }, /at least 0s/);
  bad({ direcotry: '/x' }, /direcotry/);
  const config = factory.config.parse({});
  assert.deepEqual([config.timeout, config.directory_permissions], [1000, 0o750]);
});

test('kill -9 while writing: all that was accepted is there', async (t) => {
  const directory = await temporary(t);
  const index = join(import.meta.dirname, 'index.ts');
  const testing = join(import.meta.dirname, '..', '..', 'testing');
  const program = `
    import { factory } from ${JSON.stringify(index)};
    import { realTimeSettings } from ${JSON.stringify(join(testing, 'settings.ts'))};
    import { realClock } from ${JSON.stringify(join(testing, 'clock.ts'))};
    const config = factory.config.parse({ directory: ${JSON.stringify(directory)},
      segment_size: 100_000, max_bytes: 0 });
    const extension = factory.create(realTimeSettings(realClock()), config);
    await extension.start();
    const log = await extension.capabilities.storage.log('x');
    for (let i = 0; ; i++) {
      const number = i;
      log.append('data', [Buffer.from(number + ':' + 'x'.repeat(number % 3000))])
        .then(() => process.stdout.write(number + '\\n'));
      if (i % 20 === 0) await new Promise((resolve) => setImmediate(resolve));
    }`;
  const args = ['--input-type=module', '-e', program];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    output += chunk;
    if (output.length > 20_000) child.kill('SIGKILL');
  });
  await once(child, 'close');
  const accepted = output.split('\n').slice(0, -1);
  assert.ok(accepted.length > 1000);
  const { extension, storage } = make(directory);
  await extension.start();
  const log = await storage.log('x');
  const found = new Set<string>();
  for (const payload of await payloads(log)) {
    const [number, rest] = payload.split(':');
    assert.equal(rest?.length, Number(number) % 3000);
    found.add(number!);
  }
  assert.deepEqual(
    accepted.filter((number) => !found.has(number)),
    [],
  );
  await extension.shutdown();
});

test('a full disk, on a real file system', async (t) => {
  if (process.getuid?.() !== 0) return t.skip('mounting a tmpfs takes root');
  const directory = await mkdtemp(join(tmpdir(), 'file-storage-full-'));
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=8m', 'tmpfs', directory], { stdio: 'pipe' });
  } catch (error) {
    await rm(directory, { recursive: true });
    return t.skip(`cannot mount a tmpfs: ${(error as Error).message}`);
  }
  t.after(async () => {
    await promisify(execFile)('umount', ['--lazy', directory]);
    await rm(directory, { recursive: true });
  });
  await chmod(directory, 0o750);
  const { extension, storage } = make(directory, { segment_size: '1MiB', max_bytes: 0 });
  await extension.start();
  const log = await storage.log('x');
  const positions: number[] = [];
  let refused: PipelineError | undefined;
  const payload = [Buffer.alloc(100_000, 1)];
  while (refused === undefined) {
    await log.append('data', payload).then(
      (position) => positions.push(position),
      (error) => (refused = error),
    );
  }
  assert.equal(refused.retryable, true);
  assert.match(refused.message, /disk full/);
  assert.ok(positions.length > 20, `${positions.length} fitted`);
  const sealed = await log.append('sealed', [Buffer.alloc(150_000, 2)], positions.slice(0, 2));
  for (const position of positions.slice(2, -1)) await log.ack([position]);
  await log.append('data', payload);
  await extension.shutdown();
  const again = make(directory, { segment_size: '1MiB', max_bytes: 0 });
  await again.extension.start();
  const left: number[] = [];
  for (const { position } of (await again.storage.log('x')).recovered()) left.push(position);
  assert.equal(left.length, 3);
  assert.deepEqual(left.slice(0, 2), [positions.at(-1), sealed]);
  await again.extension.shutdown();
  const files = await readdir(join(directory, 'x.log'));
  assert.ok(files.includes('reserve'), 'space is set aside again');
});
