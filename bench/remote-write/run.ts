/**
 * Remote write into this program (exporter nop) and into Prometheus, in turn: samples a CPU second.
 *
 *   PEERS_DIR=... node scripts/launch.mjs bench/remote-write/run.ts [--repeats 3] [--seconds 5]
 *
 * 2,000 series a request over four connections; user and system time of the process while load
 * arrives. Prometheus stores what comes, this program hands it on as OTLP: the figures say what
 * receiving costs, not what keeping does.
 */
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { Agent, request as send } from 'node:http';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { compressSync } from 'snappy';
import { freePorts } from '../../testing/ports.ts';
import { cpuSeconds, peakRssMb, sleep, start } from '../lib/process.ts';
import { requests } from './payload.ts';

const { values } = parseArgs({
  options: {
    repeats: { type: 'string', default: '3' },
    seconds: { type: 'string', default: '5' },
  },
});
const loadMs = Number(values.seconds) * 1000;
const root = join(import.meta.dirname, '../..');
const peer = join(process.env.PEERS_DIR ?? '', 'bin/prometheus');
const scratch = mkdtempSync(join(tmpdir(), 'wirestitch-bench-'));

type Program = 'wirestitch' | 'prometheus';

interface Target {
  readonly pid: number;
  readonly port: number;
  stop(): Promise<void>;
}

async function startTarget(program: Program): Promise<Target> {
  const [port = 0] = await freePorts(1);
  const file = join(scratch, `${program}-${port}.yaml`);
  if (program === 'prometheus') {
    writeFileSync(file, '{}');
    const child = start(
      peer,
      [
        `--config.file=${file}`,
        `--storage.tsdb.path=${join(scratch, `data-${port}`)}`,
        `--web.listen-address=127.0.0.1:${port}`,
        '--web.enable-remote-write-receiver',
        '--log.level=error',
      ],
      { core: 0, log: false, env: { GOMAXPROCS: '1' } },
    );
    return ready({ pid: child.pid, port, stop: () => child.stop() });
  }
  writeFileSync(
    file,
    `receivers: {prometheus_remote_write: {endpoint: "127.0.0.1:${port}"}}
exporters: {nop: }
service:
  telemetry: {metrics: {level: none}}
  pipelines: {metrics: {receivers: [prometheus_remote_write], exporters: [nop]}}
`,
  );
  const args = [...process.execArgv, join(root, 'gateway/main.ts'), '--config', file];
  const child = start(process.execPath, args, { core: 0, log: false, env: {} });
  return ready({ pid: child.pid, port, stop: () => child.stop() });
}

async function ready(target: Target): Promise<Target> {
  for (let i = 0; i < 200; i += 1) {
    const open = await fetch(`http://127.0.0.1:${target.port}/-/ready`).then(
      ({ status }) => status !== 503,
      () => false,
    );
    if (open) return target;
    await sleep(50);
  }
  throw new Error('a program did not start within 10 s');
}

interface Load {
  readonly type: string;
  readonly bodies: readonly Buffer[];
  readonly samples: number;
}

function post(port: number, agent: Agent, body: Buffer, type: string): Promise<void> {
  const headers = {
    'content-type': type,
    'content-encoding': 'snappy',
    'content-length': body.length,
  };
  return new Promise((resolve, reject) => {
    const options = { port, agent, method: 'POST', path: '/api/v1/write', headers };
    const sent = send(options, (response) => {
      response.resume();
      response.on('end', () => {
        if (response.statusCode === 204) resolve();
        else reject(new Error(`answered ${response.statusCode}`));
      });
    });
    sent.on('error', reject);
    sent.end(body);
  });
}

async function measure(program: Program, load: Load): Promise<{ rate: number; rss: number }> {
  const target = await startTarget(program);
  const agent = new Agent({ keepAlive: true, maxSockets: 4 });
  let next = 0;
  const until = performance.now() + loadMs;
  const before = cpuSeconds(target.pid);
  const work = async (): Promise<void> => {
    while (performance.now() < until && next < load.bodies.length) {
      const body = load.bodies[next]!;
      next += 1;
      await post(target.port, agent, body, load.type);
    }
  };
  await Promise.all([work(), work(), work(), work()]);
  const spent = cpuSeconds(target.pid) - before;
  const rss = peakRssMb(target.pid);
  agent.destroy();
  await target.stop();
  return { rate: (next * load.samples) / spent, rss };
}

const median = (list: readonly number[]): number =>
  [...list].sort((a, b) => a - b)[Math.floor(list.length / 2)]!;

const programs: Program[] = existsSync(peer) ? ['wirestitch', 'prometheus'] : ['wirestitch'];
console.log(`load average ${loadavg()[0]!.toFixed(2)}, ${values.repeats} repeats`);
for (const version of [1, 2] as const) {
  for (const each of [1, 10]) {
    const startMs = Date.now() - 3_600_000;
    const bodies = requests(version, each, each === 1 ? 60 : 12, startMs).map((b) =>
      compressSync(b),
    );
    const proto = version === 2 ? ';proto=io.prometheus.write.v2.Request' : '';
    const load = { type: `application/x-protobuf${proto}`, bodies, samples: 2000 * each };
    const results = new Map<Program, { rate: number; rss: number }[]>();
    for (let repeat = 0; repeat < Number(values.repeats); repeat += 1) {
      for (const program of programs) {
        const list = results.get(program) ?? [];
        list.push(await measure(program, load));
        results.set(program, list);
      }
    }
    const texts = programs.map((program) => {
      const list = results.get(program)!;
      const rates = list.map(({ rate }) => rate / 1000);
      const spread = `${Math.min(...rates).toFixed(0)}-${Math.max(...rates).toFixed(0)}`;
      const rss = Math.max(...list.map(({ rss: one }) => one));
      return `${program} ${median(rates).toFixed(0)} k/CPU-s (${spread}), ${rss.toFixed(0)} MB`;
    });
    const [own, other] = programs.map((program) =>
      median(results.get(program)!.map(({ rate }) => rate)),
    );
    const ratio = other === undefined ? '' : `; ratio ${(own! / other).toFixed(2)}`;
    console.log(`${version}.0, ${each} samples a series: ${texts.join('; ')}${ratio}`);
  }
}
rmSync(scratch, { recursive: true, force: true });
