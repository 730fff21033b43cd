/**
 * What a long trace costs who looks at it: main-thread work a frame while it is scrolled, memory of
 * the tab, and how long its outline and its first rows take.
 *
 *   node scripts/launch.mjs bench/ui-trace/run.ts [--spans 100000] [--page URL --trace ID]
 *
 * With --page and --trace a running program and a stored trace are used.
 */
import { readFileSync } from 'node:fs';
import { loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import type { CDPSession, Page } from 'playwright-core';
import { Chromium, startWithPage } from '../../integration/lib/page.ts';
import { scratch } from '../../integration/lib/program.ts';
import { scroll, traceFrames } from './frames.ts';
import { traceRequests } from './trace.ts';

const { values } = parseArgs({
  options: {
    spans: { type: 'string', default: '100000' },
    page: { type: 'string', default: '' },
    trace: { type: 'string', default: '' },
  },
});
const spans = Number(values.spans);
const sizes = [10_000, spans];
const mb = (bytes: number): string => `${(bytes / 1e6).toFixed(0)} MB`;

function idOf(n: number): Buffer {
  const id = Buffer.alloc(16, 0x7e);
  id.writeUInt32BE(n, 12);
  return id;
}

async function send(base: string, request: Buffer): Promise<void> {
  const headers = { 'content-type': 'application/x-protobuf' };
  const init = { method: 'POST', headers, body: new Uint8Array(request) };
  const response = await fetch(`${base}/v1/traces`, init);
  if (!response.ok) throw new Error(`OTLP: ${response.status} ${await response.text()}`);
}

async function load(base: string): Promise<void> {
  const startNs = BigInt(Date.now() - 300_000) * 1_000_000n;
  for (const n of sizes) {
    for (const request of traceRequests(idOf(n), n, startNs)) await send(base, request);
  }
}

/** Milliseconds of a request, and what it answered. */
async function timed<T>(url: string, init?: RequestInit): Promise<[ms: number, json: T]> {
  const begin = performance.now();
  const response = await fetch(url, init);
  if (!response.ok) throw new Error(`${url}: ${response.status} ${await response.text()}`);
  const json = (await response.json()) as T;
  return [performance.now() - begin, json];
}

async function untilStored(page: string, id: string, count: number): Promise<void> {
  for (let tries = 0; tries < 60; tries++) {
    const response = await fetch(`${page}/api/v1/traces/${id}?fresh=1`);
    const { spanCount } = (await response.json()) as { spanCount?: number };
    if (spanCount === count) return;
    await new Promise((resolve) => setTimeout(resolve, 1000));
  }
  throw new Error(`the trace of ${count} spans did not come whole`);
}

async function measureRoutes(page: string, id: string, what: string): Promise<void> {
  const { token } = (await timed<{ token: string }>(`${page}/api/v1/info`))[1];
  const outlines: number[] = [];
  const rows: number[] = [];
  for (let i = 0; i < 5; i++) {
    const [ms, outline] = await timed<{ version: string; rowCount: number }>(
      `${page}/api/v1/traces/${id}?fresh=1`,
    );
    outlines.push(ms);
    const { version, rowCount } = outline;
    const offset = Math.floor((rowCount * i) / 5);
    const body = JSON.stringify({ version, offset, limit: 300 });
    const headers = { 'content-type': 'application/json', 'x-wirestitch-token': token };
    const request = { method: 'POST', headers, body };
    rows.push((await timed(`${page}/api/v1/traces/${id}/rows`, request))[0]);
  }
  const text = (list: number[]): string => {
    const sorted = list.toSorted((a, b) => a - b);
    return `median ${sorted[2]!.toFixed(0)} ms, most ${sorted[4]!.toFixed(0)} ms`;
  };
  console.log(`${what}: outline read anew ${text(outlines)}; 300 rows ${text(rows)}`);
}

async function tabMemory(session: CDPSession, page: Page): Promise<string> {
  await session.send('HeapProfiler.collectGarbage');
  const { usedSize } = await session.send('Runtime.getHeapUsage');
  const browser = await page.context().browser()!.newBrowserCDPSession();
  const { processInfo } = await browser.send('SystemInfo.getProcessInfo');
  const renderers = processInfo.filter(({ type }) => type === 'renderer');
  const sizes = renderers.map(({ id }) => {
    const text = readFileSync(`/proc/${id}/smaps_rollup`, 'utf8');
    const kb = (name: string): number =>
      Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(text)?.[1]);
    return { rss: kb('Rss') * 1024, pss: kb('Pss') * 1024 };
  });
  const largest = sizes.sort((a, b) => b.rss - a.rss)[0] ?? { rss: 0, pss: 0 };
  return `heap ${mb(usedSize)}, process RSS ${mb(largest.rss)}, PSS ${mb(largest.pss)}`;
}

async function measurePage(base: string, id: string): Promise<void> {
  const chromium = await Chromium.launch();
  try {
    const tab = await chromium.open(base, { width: 1280, height: 800 });
    const { page } = tab;
    const begin = performance.now();
    await tab.goto(`/trace/${id}`);
    await page.getByRole('treegrid').getByRole('row').first().waitFor({ state: 'attached' });
    console.log(`page: rows are there after ${(performance.now() - begin).toFixed(0)} ms`);
    const session = await page.context().newCDPSession(page);
    const box = (await page.getByTestId('waterfall').boundingBox())!;
    const [x, y] = [box.x + 200, box.y + box.height / 2];
    for (const speed of [2_000, 8_000, 40_000]) {
      const frames = await traceFrames(page, () =>
        scroll(session, { x, y, distance: speed * 4, speed }),
      );
      const { workMs, longTasks } = frames;
      const at = (part: number): string =>
        (workMs[Math.min(workMs.length - 1, Math.floor(workMs.length * part))] ?? 0).toFixed(1);
      console.log(
        `scroll at ${speed} px/s: ${workMs.length} frames, main thread p50 ${at(0.5)} ms, ` +
          `p95 ${at(0.95)} ms, p99 ${at(0.99)} ms, most ${at(1)} ms; tasks over 50 ms: ${longTasks}`,
      );
    }
    // All the way through, so that every window was loaded once.
    const grid = page.getByTestId('waterfall');
    for (let i = 1; i <= 40; i++) {
      await grid.evaluate((element, part) => {
        element.scrollTop = element.scrollHeight * part;
      }, i / 40);
      await page.waitForTimeout(120);
    }
    console.log(`tab: ${await tabMemory(session, page)}`);
    tab.assertClean();
  } finally {
    await chromium.close();
  }
}

const text = (): string =>
  loadavg()
    .map((n) => n.toFixed(1))
    .join(' ');
console.log(`load average ${text()}`);
if (values.page !== '') {
  await measureRoutes(values.page, values.trace, 'trace');
  await measurePage(values.page, values.trace);
} else {
  const folder = scratch();
  const program = await startWithPage(folder.path);
  try {
    await load(program.otlpHttp);
    for (const n of sizes) {
      const id = idOf(n).toString('hex');
      await untilStored(program.page, id, n);
      await measureRoutes(program.page, id, `${n} spans`);
    }
    await measurePage(program.page, idOf(spans).toString('hex'));
  } finally {
    await program.stop();
    folder.remove();
  }
}
console.log(`load average ${text()}`);
