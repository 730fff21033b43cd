/**
 * Remote write into storage: this program with its embedded engine, durable before it answers (the
 * queue of all-in-one.yaml), and Prometheus, in turn on the same requests.
 *
 *   PEERS_DIR=... node scripts/launch.mjs bench/remote-write/storage.ts
 *     [--each 1,10] [--millions 10,20] [--repeats 2] [--only wirestitch|prometheus]
 *
 * CPU is user and system time of all processes from the first request until merges have settled
 * (Prometheus: until it is idle); bytes are those on disk then, with index and series (Prometheus:
 * of a snapshot, which is blocks alone).
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { Agent, request as send } from 'node:http';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { freePorts } from '../../testing/ports.ts';
import { ask, type EngineAddress, settleMerges } from '../lib/clickhouse.ts';
import { type Child, peakRssMb, sleep, start } from '../lib/process.ts';
import { LoadReader, type StoredLoad, writeLoad } from './stored-load.ts';

const { values } = parseArgs({
  options: {
    each: { type: 'string', default: '1,10' },
    millions: { type: 'string', default: '10,20' },
    repeats: { type: 'string', default: '2' },
    only: { type: 'string', default: '' },
    profile: { type: 'string', default: '' },
    verbose: { type: 'boolean', default: false },
  },
});
/** Divides the requests of one scrape. */
const connections = 5;
const root = join(import.meta.dirname, '../..');
const peer = join(process.env.PEERS_DIR ?? '', 'bin/prometheus');
const scratch = mkdtempSync(join(tmpdir(), 'wirestitch-bench-'));

type Program = 'wirestitch' | 'prometheus';

interface Measured {
  readonly rate: number;
  readonly seconds: number;
  readonly bytes: number;
  readonly rssMb: number;
  readonly note: string;
}

function childrenOf(pid: number): number[] {
  const text = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8');
  return text.split(' ').filter(Boolean).map(Number);
}

/** User and system seconds of a process, of those it waited for and of those that it started. */
function treeCpu(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const own = fields.slice(11, 15).reduce((sum, text) => sum + Number(text), 0) / 100;
  return own + childrenOf(pid).reduce((sum, child) => sum + treeCpu(child), 0);
}

function treeRss(pid: number): number {
  return peakRssMb(pid) + childrenOf(pid).reduce((sum, child) => sum + treeRss(child), 0);
}

function post(port: number, agent: Agent, body: Buffer): Promise<void> {
  const headers = {
    'content-type': 'application/x-protobuf',
    'content-encoding': 'snappy',
    'content-length': body.length,
  };
  return new Promise((resolve, reject) => {
    const options = { port, agent, method: 'POST', path: '/api/v1/write', headers };
    const sent = send(options, (response) => {
      let text = '';
      response.on('data', (chunk) => {
        text += chunk;
      });
      response.on('end', () => {
        if (response.statusCode === 204) resolve();
        else reject(new Error(`answered ${response.statusCode}: ${text.slice(0, 300)}`));
      });
    });
    sent.on('error', reject);
    sent.end(body);
  });
}

/** Sends all requests over five connections, those of a series over the same one. */
async function sendAll(port: number, load: StoredLoad): Promise<void> {
  const work = async (connection: number): Promise<void> => {
    const reader = new LoadReader(load);
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    for (let n = 0; ; n++) {
      const mine = n % connections === connection;
      const body = reader.next(mine);
      if (body === undefined) break;
      if (mine) await post(port, agent, body);
    }
    agent.destroy();
    reader.close();
  };
  await Promise.all(Array.from({ length: connections }, (_, i) => work(i)));
}

async function opened(port: number, path: string): Promise<void> {
  for (let i = 0; i < 600; i++) {
    const open = await fetch(`http://127.0.0.1:${port}${path}`).then(
      ({ status }) => status !== 503,
      () => false,
    );
    if (open) return;
    await sleep(50);
  }
  throw new Error('a program did not start within 30 s');
}

async function prometheus(load: StoredLoad): Promise<Measured> {
  const [port = 0] = await freePorts(1);
  const data = join(scratch, `prometheus-${port}`);
  const file = join(scratch, `${port}.yaml`);
  writeFileSync(file, '{}');
  const child = start(
    peer,
    [
      `--config.file=${file}`,
      `--storage.tsdb.path=${data}`,
      `--web.listen-address=127.0.0.1:${port}`,
      '--web.enable-remote-write-receiver',
      '--web.enable-admin-api',
      '--log.level=error',
    ],
    { log: values.verbose },
  );
  try {
    await opened(port, '/-/ready');
    const before = treeCpu(child.pid);
    const began = performance.now();
    await sendAll(port, load);
    const seconds = (performance.now() - began) / 1000;
    let spent = treeCpu(child.pid) - before;
    for (let calm = 0; calm < 3; ) {
      await sleep(1000);
      const now = treeCpu(child.pid) - before;
      calm = now - spent < 0.05 ? calm + 1 : 0;
      spent = now;
    }
    const rssMb = treeRss(child.pid);
    await fetch(`http://127.0.0.1:${port}/api/v1/admin/tsdb/snapshot`, { method: 'POST' });
    const size = execFileSync('du', ['-sb', join(data, 'snapshots')], { encoding: 'utf8' });
    const bytes = Number.parseInt(size, 10) / load.samples;
    return { rate: load.samples / spent, seconds, bytes, rssMb, note: '' };
  } finally {
    await child.stop();
    rmSync(data, { recursive: true, force: true });
  }
}

function configuration(port: number, clickhouse: number, data: string): string {
  return `extensions:
  file_storage: {directory: "${data}/queue", create_directory: true}
  embedded_clickhouse: {path: "${data}/clickhouse", listen: "127.0.0.1:${clickhouse}"}
receivers:
  prometheus_remote_write: {endpoint: "127.0.0.1:${port}"}
processors:
  memory_limiter: {check_interval: 1s, limit_percentage: 75, spike_limit_percentage: 15}
exporters:
  clickhouse:
    engine: embedded_clickhouse
    database: wirestitch
    schema: smart
    retry_on_failure: {max_elapsed_time: 0}
    sending_queue:
      storage: file_storage
      sizer: bytes
      queue_size: 536870912
      batch: {flush_timeout: 1s, min_size: 4194304, max_size: 8388608}
service:
  telemetry: {metrics: {level: none}, logs: {level: warn}}
  extensions: [embedded_clickhouse, file_storage]
  pipelines:
    metrics:
      receivers: [prometheus_remote_write]
      processors: [memory_limiter]
      exporters: [clickhouse]
`;
}

async function stored(address: EngineAddress, samples: number): Promise<void> {
  const count =
    "SELECT sum(rows) FROM system.parts WHERE database = 'wirestitch' AND active AND " +
    "table = 'metric_samples'";
  for (let i = 0; i < 300; i++) {
    if (Number(await ask(address, count)) >= samples) return;
    await sleep(1000);
  }
  throw new Error(`not all samples are stored: ${await ask(address, count)} of ${samples}`);
}

async function report(address: EngineAddress, load: StoredLoad, cpu: number): Promise<string> {
  const tables = await ask(
    address,
    `SELECT table, sum(rows), round(sum(bytes_on_disk) / ${load.samples}, 3), count()
      FROM system.parts WHERE database = 'wirestitch' AND active AND rows > 0
      GROUP BY table ORDER BY table FORMAT TSV`,
  );
  const columns = await ask(
    address,
    `SELECT name, round(data_compressed_bytes / ${load.samples}, 3) AS b FROM system.columns
      WHERE database = 'wirestitch' AND table = 'metric_samples' AND b > 0.001
      ORDER BY b DESC FORMAT TSV`,
  );
  const events = await ask(
    address,
    `SELECT event, value FROM system.events WHERE event IN ('InsertQuery', 'InsertedRows',
      'MergeTreeDataWriterRows', 'Merge', 'MergedRows', 'MergeTreeDataWriterBlocksAlreadySorted',
      'MergeTreeDataWriterSortingBlocksMicroseconds', 'MergeTotalMilliseconds',
      'UserTimeMicroseconds', 'SystemTimeMicroseconds', 'RealTimeMicroseconds') FORMAT TSV`,
  );
  return `engine ${cpu.toFixed(1)} s\n${tables}\n${columns}\n${events}`;
}

function program(config: string, password: string): Child {
  const env = { WIRESTITCH_ENGINE_PASSWORD: password };
  const profile = values.profile === '' ? [] : ['--cpu-prof', `--cpu-prof-dir=${values.profile}`];
  const args = [...process.execArgv, ...profile, join(root, 'gateway/main.ts'), '--config', config];
  return start(process.execPath, args, { log: values.verbose, env });
}

async function wirestitch(load: StoredLoad): Promise<Measured> {
  const [port = 0, clickhouse = 0] = await freePorts(2);
  const data = join(scratch, `wirestitch-${port}`);
  const file = join(scratch, `${port}.yaml`);
  writeFileSync(file, configuration(port, clickhouse, data));
  const address = { clickhouse, password: 'bench' };
  const child = program(file, address.password);
  try {
    await opened(port, '/');
    const before = treeCpu(child.pid);
    const [engine = 0] = childrenOf(child.pid);
    const engineBefore = treeCpu(engine);
    const began = performance.now();
    await sendAll(port, load);
    const seconds = (performance.now() - began) / 1000;
    await stored(address, load.samples);
    await settleMerges(address);
    const spent = treeCpu(child.pid) - before;
    const rssMb = treeRss(child.pid);
    const sizes = await ask(
      address,
      `SELECT sum(bytes_on_disk) FROM system.parts WHERE database = 'wirestitch' AND active`,
    );
    const note = await report(address, load, treeCpu(engine) - engineBefore);
    return {
      rate: load.samples / spent,
      seconds,
      bytes: Number(sizes) / load.samples,
      rssMb,
      note,
    };
  } finally {
    await child.stop();
    rmSync(data, { recursive: true, force: true });
  }
}

const measures: Readonly<Record<Program, (load: StoredLoad) => Promise<Measured>>> = {
  wirestitch,
  prometheus,
};

const median = (list: readonly number[]): number =>
  [...list].sort((a, b) => a - b)[Math.floor((list.length - 1) / 2)]!;

function line(program: Program, list: readonly Measured[]): string {
  const rates = list.map(({ rate }) => rate / 1000);
  const spread = `${Math.min(...rates).toFixed(0)}-${Math.max(...rates).toFixed(0)}`;
  const rss = Math.max(...list.map(({ rssMb }) => rssMb));
  const bytes = median(list.map((one) => one.bytes));
  return (
    `  ${program.padEnd(10)} ${median(rates).toFixed(0)} k samples per CPU-s (${spread}), ` +
    `${bytes.toFixed(2)} B a sample, ${rss.toFixed(0)} MB, ` +
    `sent in ${median(list.map(({ seconds }) => seconds)).toFixed(1)} s`
  );
}

async function shape(each: number, millions: number, programs: readonly Program[]): Promise<void> {
  const samples = millions * 1e6;
  const startMs = Date.now() - (samples / 20_000) * 15_000 - 60_000;
  const load = writeLoad(join(scratch, `load-${each}`), samples, each, startMs);
  const results = new Map<Program, Measured[]>(programs.map((name) => [name, []]));
  for (let repeat = 0; repeat < Number(values.repeats); repeat++) {
    for (const name of programs) {
      const measured = await measures[name](load);
      results.get(name)!.push(measured);
      if (values.verbose) console.log(line(name, [measured]), measured.note);
    }
  }
  console.log(`${each} a series: ${load.samples} samples in ${load.requests} requests`);
  for (const name of programs) console.log(line(name, results.get(name)!));
  if (programs.length < 2) return;
  const [own, other] = programs.map((name) => median(results.get(name)!.map(({ rate }) => rate)));
  console.log(`  ratio ${(own! / other!).toFixed(2)}`);
  rmSync(load.file);
}

const both: Program[] = existsSync(peer) ? ['wirestitch', 'prometheus'] : ['wirestitch'];
const programs = values.only === '' ? both : both.filter((name) => name === values.only);
console.log(`load average ${loadavg()[0]!.toFixed(2)}, ${values.repeats} repeats`);
try {
  const millions = values.millions.split(',').map(Number);
  for (const [i, each] of values.each.split(',').entries()) {
    await shape(Number(each), millions[i] ?? millions[0]!, programs);
  }
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
