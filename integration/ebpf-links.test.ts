import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { freePort } from '../testing/ports.ts';
import { type FlatSpan, Scene, skipReason } from './ebpf/capture.ts';
import { judge, type Verdict, verdictTable } from './ebpf/judge.ts';
import { listening, nginxConfig } from './ebpf/nginx.ts';
import { alone } from './lib/alone.ts';

await alone();

const skip = skipReason();
const app = (name: string) => fileURLToPath(new URL(`./ebpf/apps/${name}`, import.meta.url));
const REQUESTS = 200;
const AT_ONCE = '32';

interface Judged {
  readonly verdicts: ReadonlyMap<string, Verdict>;
  readonly spans: readonly FlatSpan[];
  readonly scene: Scene;
}

/** Loads every way of a service, 32 requests at once, and judges the links. */
async function judged(
  start: (scene: Scene, backend: string) => Promise<number>,
  ways: readonly string[],
): Promise<Judged> {
  const scene = new Scene();
  let spans: FlatSpan[] = [];
  let port = 0;
  let backend = 0;
  await scene.start();
  try {
    const { line } = await scene.serve(process.execPath, [app('backend.mjs')]);
    backend = Number(line);
    port = await start(scene, line);
    let from = 1;
    for (const way of ways) {
      const args = [app('load.mjs'), `${port}`, `/${way}`, `${from}`, `${REQUESTS}`, AT_ONCE];
      const good = await scene.run(process.execPath, args);
      assert.equal(good.trim(), String(REQUESTS), way);
      from += REQUESTS;
    }
  } finally {
    spans = await scene.stop();
  }
  return { verdicts: judge(spans, port, backend), spans, scene };
}

function check(
  { verdicts, scene }: Judged,
  found: Readonly<Record<string, number>>,
  calls: (way: string) => number = () => 1,
): void {
  const table = verdictTable(verdicts);
  const dropped = scene.settings.meter.value('wirestitch_ebpf_dropped_events');
  assert.equal(dropped, 0, `${dropped} records dropped`);
  for (const [way, share] of Object.entries(found)) {
    const v = verdicts.get(way);
    assert.ok(v !== undefined, `no span of ${way}\n${table}`);
    assert.equal(v.inbound, REQUESTS, table);
    assert.equal(v.outbound, REQUESTS * calls(way), table);
    assert.equal(v.wrong, 0, table);
    assert.ok(v.right >= share * v.outbound, `${way}: ${v.right} of ${v.outbound}\n${table}`);
  }
}

/** Another Node than this one, to try whether its async ids can be followed. */
const node = process.env.WIRESTITCH_TEST_NODE ?? process.execPath;

const two = (way: string) => (/two$/i.test(way) ? 2 : 1);

test('links of a server with a thread a connection (Python)', { skip }, async () => {
  const ways = ['fresh', 'timeout', 'kept', 'pooled', 'slept', 'two', 'executor'];
  const result = await judged(async (scene, backend) => {
    return Number((await scene.serve('python3', [app('threads.py'), backend])).line);
  }, ways);
  const all = 0.99;
  // Work that another thread does has no link.
  const found = { fresh: all, timeout: all, kept: all, pooled: all, slept: all, two: all };
  check(result, { ...found, executor: 0 }, two);
});

test('links of a server with a pool of threads (Java)', { skip: skipReason('java') }, async () => {
  const result = await judged(
    async (scene, backend) =>
      Number((await scene.serve('java', [app('Threads.java'), backend])).line),
    ['plain', 'client'],
  );
  // Its newer client sends with threads of its own.
  check(result, { plain: 0.99, client: 0 });
});

test('links of Node, by async ids', { skip }, async () => {
  const found = {
    direct: 0.99,
    fresh: 0.99,
    fetch: 0.99,
    await: 0.99,
    immediateCall: 0.5,
    timerCall: 0.5,
    fs: 0.5,
    fsCall: 0.5,
    two: 0.99,
    queued: 0.5,
    // What promises carry past a timer, or a pool of connections, has no link.
    immediate: 0,
    timer: 0,
    queuedTwo: 0,
    queuedTimer: 0,
    pooled: 0,
  };
  const result = await judged(async (scene, backend) => {
    const served = await scene.serve(node, [app('middle.mjs'), backend]);
    await new Promise((resolve) => setTimeout(resolve, 500));
    return Number(served.line);
  }, Object.keys(found));
  check(result, found, two);
});

test('links of nginx to new and kept upstream connections', {
  skip: skipReason('nginx'),
}, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'wirestitch-nginx-'));
  try {
    const result = await judged(
      async (scene, backend) => {
        const port = await freePort();
        scene.spawn('nginx', ['-c', nginxConfig(folder, port, Number(backend))]);
        await listening(port);
        return port;
      },
      ['new', 'keep', 'secured', 'delayed'],
    );
    // What a timer goes on with has no link.
    check(result, { new: 0.99, keep: 0.99, secured: 0.99, delayed: 0 });
    assert.equal(result.verdicts.get('auth')?.wrong, 0);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
