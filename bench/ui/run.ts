/**
 * What somebody waits for who looks at the page: first useful paint on loopback, searches and a
 * trace of 10,000 spans through its routes, at N million spans.
 *
 *   node scripts/launch.mjs bench/ui/run.ts [--spans 20000000] [--keep DIR] [--repeats 5]
 */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { eventually, postOtlp } from '../../integration/lib/all-in-one.ts';
import {
  Chromium,
  chromiumPath,
  startWithPage,
  type WithPage,
} from '../../integration/lib/page.ts';
import { bigTrace, traceId, traceRequest } from '../../integration/ui/spans.ts';
import { loadFixedSpans } from '../lib/fixed-spans.ts';
import { generatorStartNs, spansPerSecond } from '../schema/generator.ts';
import { paintTimes } from './paint.ts';

const { values } = parseArgs({
  options: {
    spans: { type: 'string', default: '20000000' },
    repeats: { type: 'string', default: '5' },
    keep: { type: 'string' },
  },
});
const spans = Number(values.spans);
const repeats = Number(values.repeats);
const folder = values.keep ?? mkdtempSync(join(tmpdir(), 'wirestitch-bench-ui-'));
mkdirSync(folder, { recursive: true });
const bigSpans = 10_000;

interface Asked {
  readonly what: string;
  readonly path: string;
}

/** Searches over all of the stored time, or a part of it. */
function searches(): Asked[] {
  const seconds = BigInt(Math.ceil(spans / spansPerSecond));
  const end = generatorStartNs + (seconds + 60n) * 1_000_000_000n;
  const ask = (what: string, given: Readonly<Record<string, string>>, from = generatorStartNs) => {
    const query = new URLSearchParams({ start: `${from}`, end: `${end}`, limit: '100', ...given });
    return { what, path: `/api/v1/traces?${query}` };
  };
  const hour = end - 3600n * 1_000_000_000n;
  return [
    ask('newest', {}),
    ask('service', { service: 'svc-7' }),
    ask('service, errors', { service: 'svc-7', status: 'error' }),
    ask('duration >= 100ms', { minDuration: '100ms' }),
    ask('attribute =', { filter: 'app.tenant = tenant-77' }),
    ask('attribute = rare', { filter: 'enduser.id = u4242' }),
    ask('attribute = absent', { filter: 'enduser.id = nobody' }),
    ask('attribute contains, 1 h', { filter: 'db.query.text contains orders' }, hour),
    ask('attribute >=', { filter: 'http.response.status_code >= 500' }),
    ask('resource =', { filter: 'host.name = node-12', service: 'svc-7' }),
  ];
}

async function timed(base: string, path: string): Promise<number> {
  const start = performance.now();
  const response = await fetch(base + path);
  const text = await response.text();
  if (!response.ok) throw new Error(`${path}: ${response.status} ${text.slice(0, 300)}`);
  return performance.now() - start;
}

function figures(all: readonly number[]): string {
  const sorted = all.toSorted((a, b) => a - b);
  const at = (q: number): string =>
    (sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] ?? 0).toFixed(0);
  return `first ${all[0]?.toFixed(0)}, p50 ${at(0.5)}, max ${at(1)} ms`;
}

async function askSearches({ page }: WithPage): Promise<void> {
  console.log('\nsearches through the route');
  for (const { what, path } of searches()) {
    const times: number[] = [];
    for (let i = 0; i < repeats; i++) times.push(await timed(page, path));
    console.log(`  ${what.padEnd(26)} ${figures(times)}`);
  }
}

/** Opens a trace as the page does: the outline, then the first rows; each time as if unknown. */
async function openBig({ page }: WithPage, id: string): Promise<void> {
  const info = (await (await fetch(`${page}/api/v1/info`)).json()) as { token: string };
  const opened: number[] = [];
  const windows: number[] = [];
  for (let i = 0; i < repeats; i++) {
    const start = performance.now();
    const outline = await (await fetch(`${page}/api/v1/traces/${id}?fresh=1`)).json();
    const { version, spanCount } = outline as { version: string; spanCount: number };
    if (spanCount !== bigSpans) throw new Error(`the trace has ${spanCount} spans`);
    const between = performance.now();
    const rows = await fetch(`${page}/api/v1/traces/${id}/rows`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-wirestitch-token': info.token },
      body: JSON.stringify({ version, offset: 0, limit: 300 }),
    });
    await rows.text();
    windows.push(performance.now() - between);
    opened.push(performance.now() - start);
  }
  console.log(`\na trace of ${bigSpans} spans`);
  console.log(`  outline and first rows     ${figures(opened)}`);
  console.log(`  of it the rows             ${figures(windows)}`);
}

async function storeBig(program: WithPage): Promise<string> {
  const id = traceId(10_000);
  const there = () =>
    program.scalar(`SELECT count() FROM wirestitch.spans
    WHERE time > now() - INTERVAL 1 DAY AND trace_id = unhex('${id}')`);
  if ((await there()) === String(bigSpans)) return id;
  const request = traceRequest(id, Date.now() - 60_000, bigTrace(bigSpans));
  const status = await postOtlp(program.otlpHttp, '/v1/traces', request);
  if (status !== 200) throw new Error(`the trace of ${bigSpans} spans was answered ${status}`);
  await eventually('the large trace is stored', async () => (await there()) === String(bigSpans));
  return id;
}

const program = await startWithPage(folder, ', max_traces: 1000');
try {
  const there = Number(await program.scalar('SELECT count() FROM wirestitch.spans'));
  if (there < spans * 0.9) await loadFixedSpans(program, spans);
  const id = await storeBig(program);
  console.log(`${await program.scalar('SELECT count() FROM wirestitch.spans')} spans are stored`);
  await askSearches(program);
  await openBig(program, id);
  if (chromiumPath() === '') {
    console.log('\nfirst useful paint: chromium is not installed');
  } else {
    const chromium = await Chromium.launch();
    const path = searches()[1]?.path.split('?')[1] ?? '';
    await paintTimes(chromium, program.page, { search: path, trace: id, repeats });
    await chromium.close();
  }
  console.log(`\nload average ${loadavg()[0]?.toFixed(1)}`);
} finally {
  await program.stop();
  if (values.keep === undefined) rmSync(folder, { recursive: true, force: true });
}
