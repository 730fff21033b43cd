import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { pathToFileURL } from 'node:url';

const machine = `${process.platform}-${process.arch}`;
const names = process.platform === 'linux' ? ['confine', 'hash'] : ['hash'];

/** A copy of native/ in which nothing is built. */
function copy(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'native-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const native = join(folder, 'native');
  const left = ['build', 'prebuilt'];
  cpSync(import.meta.dirname, native, {
    recursive: true,
    filter: (path) => !left.includes(basename(path)),
  });
  return native;
}

/** Runs build.mjs where no compiler is. */
function build(native: string): { status: number | null; said: string } {
  const done = spawnSync(process.execPath, [join(native, 'build.mjs')], {
    encoding: 'utf8',
    env: { PATH: native, CC: '' },
  });
  return { status: done.status, said: done.stderr };
}

async function writePrebuilt(native: string, wanted: readonly string[]): Promise<void> {
  const module = await import(pathToFileURL(join(native, 'targets.mjs')).href);
  const { targets, digestOf, productOf, prebuiltFolder } = module as {
    targets: { name: string }[];
    digestOf(target: object): string;
    productOf(target: object): string;
    prebuiltFolder(): string;
  };
  mkdirSync(prebuiltFolder(), { recursive: true });
  const found = targets.filter(({ name }) => wanted.includes(name));
  for (const target of found) writeFileSync(join(prebuiltFolder(), productOf(target)), 'carried');
  const sources = Object.fromEntries(found.map((target) => [target.name, digestOf(target)]));
  writeFileSync(join(prebuiltFolder(), 'sources.json'), JSON.stringify(sources));
}

test('without a compiler, prebuilt files of the same sources serve', async (t) => {
  const native = copy(t);
  const without = build(native);
  assert.equal(without.status, 1);
  assert.match(without.said, /cannot build hash: no C compiler/);

  await writePrebuilt(native, names);
  const some = build(native).said;
  for (const name of names) assert.doesNotMatch(some, new RegExp(`build ${name}:`));
  assert.match(some, /cannot build columns: no C compiler/);

  writeFileSync(join(native, 'hash.c'), '/* other sources */\n');
  assert.match(build(native).said, /cannot build hash: no C compiler/);
});

test('what was built here comes before what is carried; what cannot load says why', async (t) => {
  const native = copy(t);
  const module = await import(pathToFileURL(join(native, 'load.ts')).href);
  const { loadAddon, nativeFiles } = module as typeof import('./load.ts');
  const why = (): string => (loadAddon('hash') as { why: string }).why;
  const switchedOff = process.env.WIRESTITCH_NO_NATIVE;
  delete process.env.WIRESTITCH_NO_NATIVE;
  t.after(() => {
    if (switchedOff !== undefined) process.env.WIRESTITCH_NO_NATIVE = switchedOff;
  });
  assert.deepEqual(nativeFiles('hash.node'), []);
  assert.match(why(), new RegExp(`native/build/hash.node does not exist.*${machine}`));

  const carried = join(native, 'prebuilt', machine, 'hash.node');
  const built = join(native, 'build/hash.node');
  await writePrebuilt(native, ['hash']);
  assert.deepEqual(nativeFiles('hash.node'), [carried]);
  mkdirSync(join(native, 'build'));
  writeFileSync(built, 'not an addon');
  assert.deepEqual(nativeFiles('hash.node'), [built, carried]);
  const both = why();
  assert.ok(both.includes(`cannot load ${built}`) && both.includes(`cannot load ${carried}`), both);
});

test('an older build gives way to what is carried', async (t) => {
  const native = copy(t);
  await writePrebuilt(native, names);
  mkdirSync(join(native, 'build'));
  writeFileSync(join(native, 'build/hash.node'), 'older');
  build(native);
  const module = await import(pathToFileURL(join(native, 'load.ts')).href);
  const { nativeFiles } = module as typeof import('./load.ts');
  assert.deepEqual(nativeFiles('hash.node'), [join(native, 'prebuilt', machine, 'hash.node')]);
});
