/**
 * Traces found through the HTTP API while spans come in: the fixed spans of bench/schema in the
 * store of a running program, 200 traces by id and 200 searches by attribute, cold (program newly
 * started, files out of the page cache) and warm.
 *
 *   node scripts/launch.mjs bench/query/run.ts [--spans 20000000] [--rate 5000] [--keep DIR]
 */
import { execFileSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { type AllInOne, startAllInOne } from '../../integration/lib/all-in-one.ts';
import { loadFixedSpans } from '../lib/fixed-spans.ts';
import { request } from '../lib/payload.ts';
import { generatorStartNs } from '../schema/generator.ts';

const { values } = parseArgs({
  options: {
    spans: { type: 'string', default: '20000000' },
    rate: { type: 'string', default: '5000' },
    keep: { type: 'string' },
  },
});
const spans = Number(values.spans);
const rate = Number(values.rate);
const queries = 200;
const folder = values.keep ?? mkdtempSync(join(tmpdir(), 'wirestitch-bench-query-'));
mkdirSync(folder, { recursive: true });

/** Takes the files below `dir` out of the page cache: all of it as root, else one by one. */
function dropCache(dir: string): void {
  if (process.getuid?.() === 0) {
    execFileSync('sync');
    writeFileSync('/proc/sys/vm/drop_caches', '1');
    return;
  }
  for (const file of readdirSync(dir, { recursive: true, encoding: 'utf8' })) {
    const path = join(dir, file);
    if (!existsSync(path) || !statSync(path).isFile()) continue;
    const args = [`if=${path}`, 'of=/dev/null', 'iflag=nocache', 'count=0'];
    execFileSync('dd', args, { stdio: 'ignore' });
  }
}

/** Sends `rate` spans a second until the returned function is called. */
function ingest(program: AllInOne): () => void {
  const body = request('traces', Math.max(1, Math.round(rate / 5)));
  const headers = { 'content-type': 'application/x-protobuf' };
  const timer = setInterval(() => {
    const sent = fetch(`${program.otlpHttp}/v1/traces`, { method: 'POST', body, headers });
    sent.then((r) => r.arrayBuffer()).catch(() => undefined);
  }, 200);
  return () => clearInterval(timer);
}

interface Question {
  readonly kind: string;
  readonly path: string;
}

const iso = (ns: bigint): string => new Date(Number(ns / 1_000_000n)).toISOString();

async function questions(program: AllInOne): Promise<Question[]> {
  const stored = `time < toDateTime64('2026-02-01', 9)`;
  const sample = `cityHash64(span_id) % ${Math.max(1, Math.floor(spans / 20_000))} = 0`;
  const ids = await program.scalar(
    `SELECT lower(hex(trace_id)) FROM wirestitch.spans WHERE ${stored} AND ${sample}
     ORDER BY cityHash64(span_id) LIMIT ${queries} FORMAT TSV`,
  );
  const tags = await program.scalar(
    `SELECT k, v FROM wirestitch.spans ARRAY JOIN mapKeys(attributes_string) AS k,
       mapValues(attributes_string) AS v WHERE ${stored} AND ${sample}
     ORDER BY cityHash64(span_id, k) LIMIT ${queries} FORMAT TSV`,
  );
  const end = generatorStartNs + BigInt(Math.ceil(spans / 5000) + 120) * 1_000_000_000n;
  const range =
    `query.startTimeMin=${iso(generatorStartNs - 60_000_000_000n)}` +
    `&query.startTimeMax=${iso(end)}&query.searchDepth=20`;
  const search = (key: string, value: string): string => {
    const attributes = encodeURIComponent(JSON.stringify({ [key]: value }));
    return `/api/v3/trace-summaries?${range}&query.attributes=${attributes}`;
  };
  const byTag = tags.split('\n').map((line, i): Question => {
    const [key = '', value = ''] = line.split('\t');
    if (i % 10 === 9) return { kind: 'attribute absent', path: search(key, `absent-${i}`) };
    return { kind: 'attribute', path: search(key, value) };
  });
  const byId = ids
    .split('\n')
    .map((id): Question => ({ kind: 'trace by id', path: `/api/traces/${id}` }));
  return byId.flatMap((question, i) => [question, byTag[i] ?? question]);
}

async function ask(program: AllInOne, list: readonly Question[], label: string): Promise<void> {
  const times = new Map<string, number[]>();
  for (const { kind, path } of list) {
    const start = performance.now();
    const response = await fetch(program.jaeger + path);
    const text = await response.text();
    const ms = performance.now() - start;
    if (!response.ok) throw new Error(`${path}: ${response.status} ${text.slice(0, 300)}`);
    times.set(kind, [...(times.get(kind) ?? []), ms]);
  }
  for (const [kind, all] of times) {
    const sorted = all.toSorted((a, b) => a - b);
    const at = (q: number): string =>
      (sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] ?? 0).toFixed(1);
    const figures = `p50 ${at(0.5)}, p95 ${at(0.95)}, max ${at(1)} ms over ${all.length}`;
    console.log(`${label.padEnd(6)} ${kind.padEnd(17)} first ${all[0]?.toFixed(1)}, ${figures}`);
  }
}

/** As in config/examples/all-in-one.yaml. */
const batch = '{flush_timeout: 1s, min_size: 4194304, max_size: 33554432}';
let program = await startAllInOne(folder, { batch });
try {
  const there = Number(await program.scalar('SELECT count() FROM wirestitch.spans'));
  if (there < spans * 0.9) await loadFixedSpans(program, spans);
  const size = await program.scalar(
    `SELECT round(sum(bytes_on_disk) / (SELECT count() FROM wirestitch.spans), 2)
     FROM system.parts WHERE active AND database = 'wirestitch'`,
  );
  const count = await program.scalar('SELECT count() FROM wirestitch.spans');
  console.log(`${count} spans, ${size} bytes a span over all tables`);
  const list = await questions(program);
  await program.stop();
  dropCache(join(folder, 'clickhouse'));
  program = await program.restart();
  const stop = ingest(program);
  await ask(program, list, 'cold');
  await ask(program, list, 'warm');
  stop();
  console.log(`while ${rate} spans a second came in; load average ${loadavg()[0]?.toFixed(1)}`);
} finally {
  await program.stop();
  if (values.keep === undefined) rmSync(folder, { recursive: true, force: true });
}
