/**
 * How the spans are sorted: sizes, insert cost and query times of each candidate layout over the
 * same spans. `run.ts [--spans 2000000] [--candidates smart,service] [--dir /var/tmp/...]`.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, rmSync, statSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { candidates } from './candidates.ts';
import type { Timing } from './queries.ts';

const { values } = parseArgs({
  options: {
    spans: { type: 'string', default: '2000000' },
    candidates: { type: 'string', default: Object.keys(candidates).join(',') },
    dir: { type: 'string', default: join(tmpdir(), 'wirestitch-bench-schema') },
    keep: { type: 'boolean', default: false },
  },
});

const worker = fileURLToPath(new URL('worker.ts', import.meta.url));

function step(name: string, candidate: string): unknown {
  const args = [worker, name, values.dir, candidate, values.spans];
  const output = execFileSync(process.execPath, args, { maxBuffer: 1e8, encoding: 'utf8' });
  return JSON.parse(output.trim().split('\n').at(-1)!);
}

/** Takes the files of a directory out of the page cache. */
function dropCache(dir: string): void {
  for (const file of readdirSync(dir, { recursive: true, encoding: 'utf8' })) {
    const path = join(dir, file);
    if (!statSync(path).isFile()) continue;
    execFileSync('dd', [`if=${path}`, 'of=/dev/null', 'iflag=nocache', 'count=0'], {
      stdio: 'ignore',
    });
  }
}

function printTimings(label: string, timings: Record<string, Timing>): void {
  console.log(`  ${label}, ms: first, p50, p95, max; CPU p50 (found)`);
  for (const [kind, t] of Object.entries(timings)) {
    const ms = [t.first, t.p50, t.p95, t.max].map((v) => v.toFixed(1).padStart(7)).join(' ');
    console.log(
      `    ${kind.padEnd(22)} ${ms} ; ${t.cpu.toFixed(1).padStart(6)}  (${t.found.toFixed(1)})`,
    );
  }
}

interface Loaded {
  readonly rows: number;
  readonly bytesPerSpan: number;
  readonly indexBytes: number;
  readonly projectionBytes: number;
  readonly parts: number;
  readonly insertUs: number;
  readonly settledUs: number;
  readonly columns: string;
}

mkdirSync(values.dir, { recursive: true });
step('input', '-');
for (const name of values.candidates.split(',')) {
  const r = step('load', name) as Loaded;
  const f = (v: number) => v.toFixed(2);
  const load = loadavg()[0]!.toFixed(1);
  console.log(`${name}: ${r.rows} spans, ${f(r.bytesPerSpan)} B a span in all`);
  console.log(`  skip indexes ${f(r.indexBytes)}, projections ${f(r.projectionBytes)}`);
  console.log(`  CPU us a span: insert ${f(r.insertUs)}, with merges ${f(r.settledUs)}`);
  console.log(`  ${r.parts} parts, load average ${load}`);
  console.log(`  ${r.columns}`);
  const data = join(values.dir, `${name}-${values.spans}`);
  dropCache(data);
  printTimings('cold start', step('query', name) as Record<string, Timing>);
  printTimings('again', step('query', name) as Record<string, Timing>);
  if (!values.keep) rmSync(data, { recursive: true, force: true });
}
