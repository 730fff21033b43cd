// node scripts/launch.mjs bench/ui-tap/run.ts [--repeats 5] [--seconds 4] [--items 1000]
// What the page costs the data: spans over gRPC to the exporter nop, without the extension ui, with
// it, with its numbers asked for every second, and with a tap on the edge that they pass.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { freePorts } from '../../testing/ports.ts';
import { type Child, cpuSeconds, peakRssMb, sleep, start } from '../lib/process.ts';
import { median } from '../lib/table.ts';

const { values } = parseArgs({
  options: {
    repeats: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '4' },
    items: { type: 'string', default: '1000' },
  },
});
const [repeats, seconds, items] = [values.repeats, values.seconds, values.items].map(Number) as [
  number,
  number,
  number,
];

const variants = [
  'without ui',
  'ui, nobody looks',
  'ui, numbers each second',
  'ui, a tap',
] as const;
type Variant = (typeof variants)[number];

interface Result {
  /** Microseconds of CPU for a span. */
  readonly cpuUs: number;
  readonly rssMb: number;
}

const root = join(import.meta.dirname, '../..');
const folder = mkdtempSync(join(tmpdir(), 'wirestitch-ui-tap-'));

function config(variant: Variant, grpc: number, ui: number): string {
  const extension = variant === 'without ui' ? '' : 'ui';
  return `
receivers: {otlp: {protocols: {grpc: {endpoint: "127.0.0.1:${grpc}"}}}}
exporters: {nop: }
extensions: {${extension === '' ? '' : `ui: {endpoint: "localhost:${ui}"}`}}
service:
  extensions: [${extension}]
  telemetry: {metrics: {level: none}}
  pipelines: {traces: {receivers: [otlp], exporters: [nop]}}
`;
}

/** Asks and forgets the answer, until it is stopped. */
function look(variant: Variant, ui: number): () => void {
  if (variant === 'ui, numbers each second') {
    const ask = (): void => {
      const url = `http://localhost:${ui}/api/v1/pipelines/state`;
      request(url, (response) => response.resume())
        .on('error', () => {})
        .end();
    };
    const timer = setInterval(ask, 1000);
    return () => clearInterval(timer);
  }
  if (variant !== 'ui, a tap') return () => {};
  const query = new URLSearchParams({ from: 'receiver/otlp', to: 'exporter/nop@traces' });
  const tap = request(`http://localhost:${ui}/api/v1/pipelines/tap?${query}`, (response) => {
    if (response.statusCode !== 200) throw new Error(`no tap: ${response.statusCode}`);
    response.resume();
  });
  tap.on('error', () => {});
  tap.end();
  return () => tap.destroy();
}

async function accepted(load: Child): Promise<number> {
  load.process.kill('SIGUSR2');
  return Number((JSON.parse(await load.line(/accepted/)) as { accepted: number }).accepted);
}

async function measure(variant: Variant): Promise<Result> {
  const [grpc, ui] = (await freePorts(2)) as [number, number];
  const file = join(folder, 'config.yaml');
  writeFileSync(file, config(variant, grpc, ui));
  const main = join(root, 'gateway/main.ts');
  const args = [...process.execArgv, main, '--config', file];
  const program = start(process.execPath, args, { core: 0 });
  await sleep(3000);
  const stop = look(variant, ui);
  const options = {
    protocol: 'grpc',
    port: grpc,
    signal: 'traces',
    items,
    compression: 'none',
    inFlight: 16,
    rate: 0,
    spansPerTrace: 0,
  };
  const loader = [join(root, 'bench/lib/load.ts'), JSON.stringify(options)];
  const load = start(process.execPath, loader, { core: 1 });
  await load.line(/ready/);
  await sleep(1500);
  const before = { items: await accepted(load), cpu: cpuSeconds(program.pid) };
  await sleep(seconds * 1000);
  const passed = (await accepted(load)) - before.items;
  const cpuUs = ((cpuSeconds(program.pid) - before.cpu) * 1e6) / passed;
  const rssMb = peakRssMb(program.pid);
  stop();
  await load.stop();
  await program.stop();
  return { cpuUs, rssMb };
}

const results = new Map<Variant, Result[]>(variants.map((variant) => [variant, []]));
for (let i = 0; i < repeats; i++) {
  // Each goes first as often as the others.
  const turn = variants.map((_none, n) => variants[(n + i) % variants.length]!);
  for (const variant of turn) results.get(variant)!.push(await measure(variant));
}
rmSync(folder, { recursive: true, force: true });

const cpu = (variant: Variant): number[] => results.get(variant)!.map(({ cpuUs }) => cpuUs);
const base = median(cpu(variants[0]));
for (const variant of variants) {
  const all = cpu(variant);
  const middle = median(all);
  const spread = (Math.max(...all) - Math.min(...all)) / 2 / middle;
  const rss = Math.max(...results.get(variant)!.map(({ rssMb }) => rssMb));
  const cells = [
    variant.padEnd(24),
    `${middle.toFixed(3)} us CPU a span ±${(spread * 100).toFixed(0)} %`,
    `${(middle / base).toFixed(3)}x`,
    `peak RSS ${rss.toFixed(0)} MB`,
  ];
  console.log(cells.join('  '));
}
console.log(`load ${loadavg()[0]!.toFixed(1)}`);
