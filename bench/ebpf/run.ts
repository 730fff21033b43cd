/**
 * Overhead of the ebpf receiver at nginx and Redis, probes off and on in turn; and what the agent
 * needs. Wants root, nginx, hey, redis-server, redis-benchmark.
 *   node scripts/launch.mjs bench/ebpf/run.ts [--repeats 5] [--requests 20000] [--rate 4000]
 *     [--loads nginx,redis] [--protocols http]
 */
import { type ChildProcess, spawn } from 'node:child_process';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { background, type Consumer } from '../../component/consumer.ts';
import { config } from '../../receivers/ebpf/config.ts';
import { cgroupRoot } from '../../receivers/ebpf/probe.ts';
import { EbpfReceiver } from '../../receivers/ebpf/receiver.ts';
import { freePort } from '../../testing/ports.ts';
import { testSettings } from '../../testing/settings.ts';

const { values } = parseArgs({
  options: {
    repeats: { type: 'string', default: '5' },
    requests: { type: 'string', default: '20000' },
    /** Of nginx, a second; 0 = as many as go. */
    rate: { type: 'string', default: '4000' },
    loads: { type: 'string', default: 'nginx,redis' },
    protocols: { type: 'string', default: '' },
  },
});
const requests = Number(values.requests);
const repeats = Number(values.repeats);

interface Load {
  readonly name: string;
  readonly events: number;
  /** Starts the server in the cgroup. @returns its processes whose CPU time counts */
  serve(port: number): Promise<number[]>;
  run(port: number): Promise<void>;
}

const folder = mkdtempSync(join(tmpdir(), 'wirestitch-bench-'));
const cgroup = join(cgroupRoot()!, `wirestitch-bench-${process.pid}`);
mkdirSync(cgroup);
const children: ChildProcess[] = [];

function child(inside: boolean, command: string, ...args: string[]): ChildProcess {
  const script = 'echo $$ > "$0/cgroup.procs" && exec "$@"';
  const made = inside
    ? spawn('sh', ['-c', script, cgroup, command, ...args], { stdio: 'ignore' })
    : spawn(command, args, { stdio: 'ignore' });
  children.push(made);
  return made;
}

const ended = (process: ChildProcess) => new Promise((resolve) => process.once('exit', resolve));
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** Nanoseconds that the threads of these processes have run. */
function ranNs(pids: readonly number[]): number {
  let sum = 0;
  for (const pid of pids) {
    for (const thread of readdirSync(`/proc/${pid}/task`)) {
      sum += Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'utf8').split(' ')[0]);
    }
  }
  return sum;
}

const nginx: Load = {
  name: 'nginx, small file, kept connections',
  events: 2,
  async serve(port) {
    writeFileSync(join(folder, 'small'), 'x'.repeat(100));
    const temp = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
      .map((name) => `${name}_temp_path ${join(folder, name)};`)
      .join(' ');
    const file = join(folder, 'nginx.conf');
    writeFileSync(
      file,
      `user root; daemon off; worker_processes 1; pid ${folder}/pid; error_log /dev/null;
events { worker_connections 512; }
http { ${temp} access_log off; keepalive_requests 100000000;
server { listen 127.0.0.1:${port}; root ${folder}; } }`,
    );
    const master = child(true, 'nginx', '-c', file);
    await pause(500);
    const path = `/proc/${master.pid}/task/${master.pid}/children`;
    return readFileSync(path, 'utf8').trim().split(' ').map(Number);
  },
  async run(port) {
    const rate = Number(values.rate) / 8;
    const paced = rate > 0 ? ['-q', `${rate}`] : [];
    const args = ['-n', `${requests}`, '-c', '8', ...paced, `http://127.0.0.1:${port}/small`];
    await ended(child(false, 'hey', ...args));
  },
};

const redis: Load = {
  name: 'Redis, GET',
  events: 2,
  async serve(port) {
    const args = ['--port', `${port}`, '--bind', '127.0.0.1', '--save', '', '--dir', folder];
    const server = child(true, 'redis-server', ...args);
    await pause(500);
    return [server.pid!];
  },
  async run(port) {
    const args = ['-p', `${port}`, '-t', 'get', '-n', `${requests * 2}`, '-c', '8', '-q'];
    await ended(child(false, 'redis-benchmark', ...args));
  },
};

const realClock = {
  unixMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  after(ms: number, run: () => void) {
    const timer = setTimeout(run, ms);
    return { cancel: () => clearTimeout(timer) };
  },
};

interface Counted {
  spans: number;
}

function capture(counted: Counted) {
  const test = testSettings();
  const settings = { ...test, clock: realClock };
  const sink: Consumer<'traces'> = {
    mutates: false,
    async consume(batch, _context = background) {
      counted.spans += batch.itemCount;
    },
  };
  const keys = values.protocols === '' ? {} : { protocols: values.protocols.split(',') };
  const allow = { cgroups: [cgroup] };
  const receiver = new EbpfReceiver(settings, config.parse({ allow, ...keys }), sink);
  return { receiver, meter: test.meter };
}

/** Microseconds that the main thread has run: the others compile and collect garbage. */
function mainUs(): number {
  const file = `/proc/self/task/${process.pid}/schedstat`;
  return Number(readFileSync(file, 'utf8').split(' ')[0]) / 1000;
}

function median(numbers: readonly number[]): number {
  return [...numbers].sort((a, b) => a - b)[numbers.length >> 1]!;
}

function spread(numbers: readonly number[]): string {
  const sorted = [...numbers].sort((a, b) => a - b);
  return `${median(sorted).toFixed(2)} (${sorted[0]!.toFixed(2)}-${sorted.at(-1)!.toFixed(2)})`;
}

async function measure(load: Load): Promise<void> {
  const port = await freePort();
  const pids = await load.serve(port);
  const count = load === redis ? requests * 2 : requests;
  const off: number[] = [];
  const on: number[] = [];
  const agent: number[] = [];
  const mainThread: number[] = [];
  const rates: number[] = [];
  let dropped = 0;
  let spans = 0;
  await load.run(port);
  for (let i = 0; i < repeats; i++) {
    let before = ranNs(pids);
    await load.run(port);
    off.push((ranNs(pids) - before) / count / 1000);
    const counted = { spans: 0 };
    const { receiver, meter } = capture(counted);
    await receiver.start();
    await pause(300);
    before = ranNs(pids);
    const cpu = process.cpuUsage();
    const main = mainUs();
    const started = performance.now();
    await load.run(port);
    const used = process.cpuUsage(cpu);
    const usedMain = mainUs() - main;
    const seconds = (performance.now() - started) / 1000;
    on.push((ranNs(pids) - before) / count / 1000);
    await receiver.shutdown();
    const events = meter.value('wirestitch_ebpf_events');
    agent.push((used.user + used.system) / events);
    mainThread.push(usedMain / events);
    rates.push(events / seconds);
    dropped += meter.value('wirestitch_ebpf_dropped_events');
    spans += counted.spans;
  }
  const more = median(on) - median(off);
  console.log(
    `${load.name}: CPU of the server, us a request: off ${spread(off)}, on ${spread(on)}`,
  );
  console.log(
    `  difference ${more.toFixed(2)} us a request, ${(more / load.events).toFixed(2)} an event`,
  );
  console.log(
    `  agent ${spread(agent)} CPU-s per million events at ${Math.round(median(rates))} events/s, ` +
      `main thread ${spread(mainThread)}, ` +
      `${spans / repeats} spans of ${count} requests a run, ${dropped} records dropped`,
  );
}

console.log(
  `load average ${loadavg()
    .map((n) => n.toFixed(1))
    .join(' ')}; median (least-most) of ${repeats}`,
);
try {
  const loads = { nginx, redis };
  for (const name of values.loads.split(',')) {
    const load = loads[name as keyof typeof loads];
    if (load === undefined) throw new Error(`cannot measure "${name}": nginx and redis are known`);
    await measure(load);
  }
} finally {
  for (const one of children) one.kill();
  await pause(300);
  rmSync(folder, { recursive: true, force: true });
  rmdirSync(cgroup);
}
