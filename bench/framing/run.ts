/**
 * Own framing against node:http2's streams and @grpc/grpc-js, in and out, at 1, 50 and 1,000 spans
 * a request: CPU microseconds a request and peak RSS, candidates alternating within each repeat.
 *
 *     node scripts/launch.mjs bench/framing/run.ts [REPEATS]
 */
import { loadavg } from 'node:os';
import { join } from 'node:path';
import { type Child, cpuSeconds, peakRssMb, sleep, start } from '../lib/process.ts';

const kinds = ['own', 'http2', 'grpc-js'] as const;
const sizes = [1, 50, 1000] as const;
const repeats = Number(process.argv[2] ?? 3);
const here = import.meta.dirname;
const flags = ['--external-memory-accounted-in-global-limit', '--initial-old-space-size=64'];

interface Sample {
  us: number;
  rssMb: number;
}

const run = (file: string, args: readonly string[], core: number): Child =>
  start(process.execPath, [...flags, join(here, file), ...args], { core, log: true });

async function requests(child: Child): Promise<number> {
  const line = child.line(/requests/);
  child.process.kill('SIGUSR2');
  return JSON.parse(await line).requests;
}

async function inbound(kind: string, items: number): Promise<Sample> {
  const server = run(`${kind}-server.ts`, [], 0);
  const port = Number((await server.line(/^ready/)).split(' ')[1]);
  const options = { protocol: 'grpc', port, signal: 'traces', items, compression: 'none' };
  const inFlight = items >= 500 ? 16 : 50;
  const load = run('../lib/load.ts', [JSON.stringify({ ...options, inFlight })], 1);
  await load.line(/ready/);
  await sleep(1500);
  const [n, cpu] = [await requests(server), cpuSeconds(server.pid)];
  await sleep(3000);
  const us = ((cpuSeconds(server.pid) - cpu) * 1e6) / ((await requests(server)) - n);
  const rssMb = peakRssMb(server.pid);
  await load.stop();
  await server.stop();
  return { us, rssMb };
}

async function outbound(kind: string, items: number): Promise<Sample> {
  const sink = run('http2-server.ts', [], 1);
  const port = (await sink.line(/^ready/)).split(' ')[1]!;
  const count = { 1: 30_000, 50: 15_000, 1000: 1500 }[items] ?? 1000;
  const client = run('clients.ts', [kind, port, String(items), String(count)], 0);
  const sample: Sample = JSON.parse(await client.line(/us/));
  await sink.stop();
  return sample;
}

const median = (values: number[]): number =>
  values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN;

console.log(
  `load average ${loadavg()
    .map((n) => n.toFixed(1))
    .join(' ')}, ${repeats} repeats`,
);
console.log('direction  spans  framing   us/request (min-max)   ratio to own   peak RSS MB');
for (const [direction, measure] of [
  ['in', inbound],
  ['out', outbound],
] as const) {
  for (const items of sizes) {
    const samples = new Map<string, Sample[]>(kinds.map((kind) => [kind, []]));
    for (let i = 0; i < repeats; i += 1) {
      for (const kind of kinds) samples.get(kind)!.push(await measure(kind, items));
    }
    const own = median(samples.get('own')!.map((s) => s.us));
    for (const kind of kinds) {
      const us = samples.get(kind)!.map((s) => s.us);
      const spread = `(${Math.min(...us).toFixed(1)}-${Math.max(...us).toFixed(1)})`;
      const rss = median(samples.get(kind)!.map((s) => s.rssMb)).toFixed(0);
      const ratio = (median(us) / own).toFixed(2);
      const columns = [direction.padEnd(9), String(items).padStart(6), kind.padEnd(8)];
      console.log(...columns, median(us).toFixed(1).padStart(9), spread.padEnd(16), ratio, rss);
    }
  }
}
