/**
 * Memory under overload: `node scripts/launch.mjs bench/memory/overload.ts`
 *
 *   [--seconds 15] [--connections 50] [--budget-mib 128] [--rate-mb 10] [--pause-ms 500]
 *   [--storage] [--verbose]
 *
 * Starts the gateway between senders on many connections (half gRPC, half HTTP; bodies of 4 MB and
 * gzip bombs) and a backend that takes so many megabytes a second. Prints the resident set against
 * baseline + 2 x budget, what was refused, how much more was offered than the backend takes, and
 * whether every span that was accepted arrived. Ends with 1 when a promise is broken.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { freePort } from '../../testing/ports.ts';
import { type Child, peakRssMb, sleep, start } from '../lib/process.ts';
import { type SlowBackend, slowBackend } from './backend.ts';
import {
  type Answer,
  bomb,
  type Connection,
  grpcConnection,
  httpConnection,
  patienceMs,
  template,
} from './load.ts';

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '15' },
    connections: { type: 'string', default: '50' },
    'budget-mib': { type: 'string', default: '128' },
    'rate-mb': { type: 'string', default: '10' },
    'pause-ms': { type: 'string', default: '500' },
    storage: { type: 'boolean', default: false },
    verbose: { type: 'boolean', default: false },
  },
});
const seconds = Number(values.seconds);
const budgetMib = Number(values['budget-mib']);
const rate = Number(values['rate-mb']) * 1e6;
const root = join(import.meta.dirname, '../..');
const scratch = mkdtempSync(join(tmpdir(), 'wirestitch-memory-'));
const bombEvery = 10;
const drainRate = 200e6;

function configuration(ports: { grpc: number; http: number; backend: number }): string {
  const storage = values.storage
    ? { storage: 'file_storage', queue_size: 1e9 }
    : { queue_size: budgetMib * 2 ** 20 };
  return JSON.stringify({
    extensions: { file_storage: { directory: join(scratch, 'queue'), create_directory: true } },
    receivers: {
      otlp: {
        protocols: {
          grpc: { endpoint: `127.0.0.1:${ports.grpc}` },
          http: { endpoint: `127.0.0.1:${ports.http}` },
        },
      },
    },
    exporters: {
      otlp_http: {
        endpoint: `http://127.0.0.1:${ports.backend}`,
        compression: 'none',
        timeout: '60s',
        retry_on_failure: { max_elapsed_time: 0 },
        sending_queue: { sizer: 'bytes', num_consumers: 4, ...storage },
      },
    },
    service: {
      extensions: ['file_storage'],
      telemetry: { metrics: { level: 'none' }, logs: { level: 'warn' } },
      pipelines: { traces: { receivers: ['otlp'], exporters: ['otlp_http'] } },
    },
  });
}

interface Tally {
  offeredBytes: number;
  readonly accepted: number[];
  readonly answers: Record<Answer, number>;
  readonly bombAnswers: Record<Answer, number>;
}

const none = (): Record<Answer, number> => ({
  accepted: 0,
  refused: 0,
  rejected: 0,
  broken: 0,
  hung: 0,
});

async function overload(connections: readonly Connection[]): Promise<Tally> {
  const tally: Tally = { offeredBytes: 0, accepted: [], answers: none(), bombAnswers: none() };
  const bodies = template(4e6);
  const gzipBomb = bomb(256 * 2 ** 20);
  const untilMs = performance.now() + seconds * 1000;
  let number = 0;
  const sender = async (given: Connection, index: number) => {
    const connection = patient(given, () => console.log(`connection ${index} hangs`));
    while (performance.now() < untilMs) {
      const own = ++number;
      if (own % bombEvery === 0) {
        tally.bombAnswers[await connection.send(gzipBomb, true)]++;
        continue;
      }
      const body = bodies.body(own);
      tally.offeredBytes += body.length;
      const answer = await connection.send(body, false);
      tally.answers[answer]++;
      if (answer === 'accepted') tally.accepted.push(own);
      else await sleep(Number(values['pause-ms']));
    }
  };
  await Promise.all(connections.map(sender));
  return tally;
}

/** The connection, with an end to waiting. */
function patient(connection: Connection, hangs: () => void): Connection {
  return {
    close: connection.close,
    send(body, gzip) {
      let timer: NodeJS.Timeout | undefined;
      const hung = new Promise<Answer>((resolve) => {
        timer = setTimeout(() => {
          hangs();
          resolve('hung');
        }, patienceMs);
      });
      const sent = connection.send(body, gzip);
      return Promise.race([sent, hung]).finally(() => clearTimeout(timer));
    },
  };
}

async function drained(backend: SlowBackend): Promise<void> {
  backend.bytesPerSecond = drainRate;
  for (let before = -1; before !== backend.bytes; ) {
    before = backend.bytes;
    await sleep(3000);
  }
}

function rssMb(pid: number): number {
  const line = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
  return Number(line?.[1] ?? 0) / 1024;
}

async function ready(port: number): Promise<void> {
  for (let i = 0; i < 200; i++) {
    const up = await fetch(`http://127.0.0.1:${port}/`).then(
      () => true,
      () => false,
    );
    if (up) return;
    await sleep(50);
  }
  throw new Error('cannot reach the gateway');
}

function report(tally: Tally, backend: SlowBackend, baseline: number, peak: number): boolean {
  const { spans } = template(4e6);
  const missing = tally.accepted.filter((number) => (backend.spans.get(number) ?? 0) < spans);
  const doubled = tally.accepted.filter((number) => (backend.spans.get(number) ?? 0) > spans);
  const limit = baseline + 2 * budgetMib;
  const offered = tally.offeredBytes / seconds;
  const show = (answers: Record<Answer, number>) =>
    Object.entries(answers)
      .map(([answer, count]) => `${count} ${answer}`)
      .join(', ');
  console.log(`offered      ${(offered / 1e6).toFixed(0)} MB/s, ${(offered / rate).toFixed(1)} x`);
  console.log(`4 MB bodies  ${show(tally.answers)}`);
  console.log(`gzip bombs   ${show(tally.bombAnswers)}`);
  console.log(`peak RSS     ${peak.toFixed(0)} MB; baseline ${baseline.toFixed(0)} MB`);
  console.log(`limit        ${limit.toFixed(0)} MB = baseline + 2 x ${budgetMib} MiB`);
  console.log(
    `accepted     ${tally.accepted.length}, ${missing.length} lost, ${doubled.length} doubled`,
  );
  return missing.length === 0 && peak <= limit && tally.bombAnswers.accepted === 0;
}

async function main(): Promise<boolean> {
  const backend = await slowBackend(rate);
  const ports = { grpc: await freePort(), http: await freePort(), backend: backend.port };
  const file = join(scratch, 'config.yaml');
  writeFileSync(file, configuration(ports));
  const args = [...process.execArgv, join(root, 'gateway/main.ts'), '--config', file];
  const env = { WIRESTITCH_MEMORY_BUDGET: `${budgetMib}MiB` };
  const gateway: Child = start(process.execPath, args, { core: 0, log: values.verbose, env });
  const connections = Array.from({ length: Number(values.connections) }, (_, i) =>
    i % 2 === 0 ? grpcConnection(ports.grpc) : httpConnection(ports.http),
  );
  try {
    await ready(ports.http);
    await sleep(1000);
    const baseline = rssMb(gateway.pid);
    const tally = await overload(connections);
    const peak = peakRssMb(gateway.pid);
    await drained(backend);
    return report(tally, backend, baseline, peak);
  } finally {
    for (const connection of connections) connection.close();
    await gateway.stop();
    backend.close();
    rmSync(scratch, { recursive: true, force: true });
  }
}

process.exit((await main()) ? 0 : 1);
