import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { systemClock } from '../../gateway/telemetry/clock.ts';
import { realTimeSettings } from '../../testing/settings.ts';
import { factory } from './index.ts';
import { encodeProfile, type Frame } from './proto.ts';
import { cpuProfile, heapProfile } from './v8.ts';

/** Where the peers are built, there is Go's pprof, too. */
const hasGo = process.env.PEERS_DIR !== undefined && spawnSync('go', ['version']).status === 0;

/** What pprof itself reads in a profile. */
function pprof(bytes: Uint8Array, ...args: readonly string[]): string {
  const dir = mkdtempSync(join(tmpdir(), 'pprof-'));
  try {
    const file = join(dir, 'profile');
    writeFileSync(file, bytes);
    const env = { ...process.env, PPROF_TMPDIR: dir };
    return execFileSync('go', ['tool', 'pprof', ...args, file], { encoding: 'utf8', env });
  } finally {
    rmSync(dir, { recursive: true });
  }
}

const call = (functionName: string, lineNumber: number) => ({
  functionName,
  lineNumber,
  scriptId: '1',
  url: functionName === '(root)' ? '' : 'file:///src/a.ts',
  columnNumber: 0,
});

test('a CPU profile of V8', () => {
  const node = (id: number, name: string, children: number[] = []) => ({
    id,
    callFrame: call(name, id),
    children,
  });
  const nodes = [
    node(1, '(root)', [2, 5]),
    node(2, 'main', [3]),
    node(3, '', [4]),
    node(4, 'leaf'),
    node(5, '(idle)'),
  ];
  const samples = [4, 4, 3, 5, 1];
  const timeDeltas = [10, 20, 5, 100, 1];
  const given = { nodes, startTime: 0, endTime: 136, samples, timeDeltas };
  const { samples: found, durationMs } = cpuProfile(given, 0);
  const brief = found.map(({ stack, values }) => [stack.map(({ name }) => name).join(), values]);
  assert.deepEqual(brief, [
    ['leaf,(anonymous),main', [2, 30_000]],
    ['(anonymous),main', [1, 5_000]],
  ]);
  assert.equal(durationMs, 0.136);
  assert.deepEqual(found[0]?.stack[2], { name: 'main', file: '/src/a.ts', line: 3 });
});

test('a heap profile of V8', () => {
  const leaf = { id: 3, callFrame: call('leaf', 3), selfSize: 64, children: [] };
  const main = { id: 2, callFrame: call('main', 2), selfSize: 0, children: [leaf] };
  const head = { id: 1, callFrame: call('(root)', 0), selfSize: 8, children: [main] };
  const { samples } = heapProfile({ head, samples: [{ nodeId: 3 }, { nodeId: 3 }] }, 0);
  assert.deepEqual(
    samples.map(({ stack, values }) => [stack.map(({ name }) => name), values]),
    [
      [
        ['leaf', 'main'],
        [2, 64],
      ],
    ],
  );
});

test('pprof reads what is written', (t) => {
  if (!hasGo) {
    t.skip('PEERS_DIR is not set, or go is not there');
    return;
  }
  const main: Frame = { name: 'main', file: '/a b.ts', line: 7 };
  const leaf: Frame = { name: 'grüße', file: '', line: 0 };
  const bytes = encodeProfile({
    types: [
      { type: 'samples', unit: 'count' },
      { type: 'cpu', unit: 'nanoseconds' },
    ],
    samples: [
      { stack: [leaf, main], values: [3, 3e10] },
      { stack: [main], values: [1, 5] },
    ],
    periodType: { type: 'cpu', unit: 'nanoseconds' },
    period: 1e7,
    unixMs: 1_700_000_000_000,
    durationMs: 40_000,
  });
  const raw = pprof(bytes, '-raw');
  assert.match(raw, /PeriodType: cpu nanoseconds\nPeriod: 10000000\n/);
  assert.match(raw, /Duration: 40s?\n/);
  assert.match(raw, /3 30000000000: 1 2 \n/);
  assert.match(raw, /1\s+5: 2 \n/);
  assert.match(raw, /2: 0x0 (M=1 )?main \/a b\.ts:7/);
  assert.match(pprof(bytes, '-top'), /grüße/);
});

function burnProcessor(untilMs: number): number {
  let sum = 0;
  while (performance.now() < untilMs) for (let i = 0; i < 1e4; i += 1) sum += Math.sqrt(i);
  return sum;
}

test('profiles of this process over HTTP', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'pprof-'));
  const save_to_file = join(dir, 'whole');
  const settings = realTimeSettings(systemClock, { id: 'pprof' });
  const start = async (given: object) => {
    const extension = factory.create(settings, factory.config.parse(given));
    await extension.start();
    const { port } = settings.logger.lines.at(-1)!.fields.address as AddressInfo;
    const ask = async (path: string) => {
      const response = await fetch(`http://127.0.0.1:${port}/debug/pprof/${path}`);
      return [response.status, Buffer.from(await response.arrayBuffer())] as const;
    };
    return { extension, ask };
  };
  const { extension, ask } = await start({ endpoint: '127.0.0.1:0' });
  try {
    const taking = ask('profile?seconds=2');
    await new Promise((resolve) => setTimeout(resolve, 50));
    const [busy, text] = await ask('profile?seconds=1');
    assert.equal(busy, 500);
    assert.match(text.toString(), /cpu profiling already in use/);
    burnProcessor(performance.now() + 200);
    const [status, profile] = await taking;
    assert.equal(status, 200);
    assert.match(gunzipSync(profile).toString('latin1'), /burnProcessor/);
    if (hasGo) assert.match(pprof(profile, '-top'), /burnProcessor/);
    const kept = Array.from({ length: 200_000 }, (_, i) => ({ i }));
    const [, heap] = await ask('heap');
    assert.equal(kept.length, 200_000);
    assert.match(gunzipSync(heap).toString('latin1'), /inuse_space/);
    if (hasGo) assert.match(pprof(heap, '-raw'), /inuse_objects\/count inuse_space\/bytes/);
    assert.equal((await ask(''))[0], 200);
    assert.match((await ask('cmdline'))[1].toString(), /node/);
    const [unknown, why] = await ask('goroutine');
    assert.deepEqual([unknown, /Unknown profile/.test(why.toString())], [404, true]);
  } finally {
    await extension.shutdown();
  }
  const saving = await start({ endpoint: '127.0.0.1:0', save_to_file });
  burnProcessor(performance.now() + 100);
  await saving.extension.shutdown();
  assert.match(gunzipSync(readFileSync(save_to_file)).toString('latin1'), /burnProcessor/);
  rmSync(dir, { recursive: true });
});

test('configuration', async () => {
  assert.equal(factory.config.safeParse({}).success, true);
  assert.equal(factory.config.safeParse({ transport: 'tcp' }).success, false);
  const settings = realTimeSettings(systemClock, { id: 'pprof' });
  const given = factory.config.parse({ endpoint: '', block_profile_fraction: 1 });
  const extension = factory.create(settings, given);
  await assert.rejects(extension.start(), /"endpoint" is required/);
  await extension.shutdown();
  assert.match(settings.logger.lines[0]?.message ?? '', /block_profile_fraction has no effect/);
});
