/**
 * `npm run demo`, beside a running `npm start`: a small shop of four HTTP services, instrumented with
 * the OpenTelemetry SDK, serves requests for a few seconds; then a capture file of plain traffic is
 * replayed through the packet receiver. Prints a link to one trace of each.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { get } from 'node:http';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { freePorts } from '../../testing/ports.ts';
import { stopProcess } from '../../testing/process.ts';

const here = import.meta.dirname;
const root = join(here, '../..');
const seconds = Number(process.env.DEMO_SECONDS ?? 10);
const jaeger = process.env.JAEGER_URL ?? 'http://localhost:16686';
const page = process.env.PAGE_URL ?? 'http://localhost:16690';
const otlp = process.env.OTLP_ENDPOINT ?? 'http://localhost:4317';
const children: ChildProcess[] = [];

function run(file: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): ChildProcess {
  const child = spawn(process.execPath, [join(root, file), ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, ...env },
  });
  children.push(child);
  return child;
}

async function lineOf(child: ChildProcess, pattern: RegExp): Promise<void> {
  if (child.stdout === null) throw new Error('BUG: child without stdout');
  for await (const line of createInterface({ input: child.stdout })) {
    if (pattern.test(line)) return;
  }
  throw new Error(`a process of the demo ended with ${child.exitCode}`);
}

/** Starts the shop. @returns the port of its front end */
async function startShop(): Promise<number> {
  const ports = await freePorts(4);
  const [frontend = 0, cart, catalog, payment] = ports;
  const shop: [string, number | undefined, string[]][] = [
    ['payment', payment, []],
    ['catalog', catalog, []],
    ['cart', cart, [`catalog=${catalog}`, `payment=${payment}`]],
    ['frontend', frontend, [`catalog=${catalog}`, `cart=${cart}`]],
  ];
  await Promise.all(
    shop.map(([name, port, calls]) => {
      const args = [name, String(port), ...calls];
      return lineOf(run('scripts/demo/service.ts', args, { OTLP_ENDPOINT: otlp }), /ready/);
    }),
  );
  return frontend;
}

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Orders by number; those with the number 7 are not paid. */
const orders = 10;

/** Sends for a while, and each of the orders at least once however slow the machine is. */
async function traffic(port: number): Promise<number> {
  const until = Date.now() + seconds * 1000;
  let sent = 0;
  while (Date.now() < until || sent < orders) {
    await new Promise<void>((resolve, reject) => {
      get({ host: '127.0.0.1', port, path: `/orders/${sent % orders}` }, (response) => {
        response.resume();
        response.on('end', resolve);
      }).on('error', reject);
    });
    sent += 1;
    await sleep(50);
  }
  return sent;
}

/** Waits until a trace of `service` with enough spans can be found. @returns its id */
async function findTrace(service: string, minSpans: number, startMs: number): Promise<string> {
  const query = new URLSearchParams({
    'query.serviceName': service,
    'query.startTimeMin': new Date(startMs).toISOString(),
    'query.startTimeMax': new Date(Date.now() + 60_000).toISOString(),
    'query.searchDepth': '50',
  });
  for (let attempt = 0; attempt < 60; attempt += 1) {
    const response = await fetch(`${jaeger}/api/v3/trace-summaries?${query}`);
    if (response.ok) {
      const { summaries } = (await response.json()) as {
        summaries: { traceId: string; spanCount: number }[];
      };
      const found = summaries.find((summary) => summary.spanCount >= minSpans);
      if (found !== undefined) return found.traceId;
    }
    await sleep(500);
  }
  throw new Error(`cannot find a trace of ${service} at ${jaeger}: is npm start running?`);
}

async function demo(): Promise<void> {
  await fetch(`${jaeger}/api/services`).catch((error: unknown) => {
    throw new Error(`cannot reach ${jaeger}: run npm start first (${String(error)})`);
  });
  const start = Date.now();
  console.log('Starting the shop: frontend, cart, catalog, payment ...');
  const port = await startShop();
  console.log(`Ordering for ${seconds} s ...`);
  const sent = await traffic(port);
  await Promise.all(children.map((child) => stopProcess(child, 10_000)));
  console.log(`${sent} orders sent. Replaying a capture of traffic that nobody instrumented ...`);
  const config = join(here, 'replay.yaml');
  const replay = run('gateway/main.ts', ['--config', config], {
    OTLP_ENDPOINT: otlp,
    CAPTURE: join(here, 'shop.pcap'),
  });
  const instrumented = await findTrace('frontend', 5, start);
  const captured = await findTrace(process.env.DEMO_CAPTURED ?? '127.0.0.1:8080', 1, start);
  await stopProcess(replay, 10_000);
  console.log(`
A trace of the instrumented shop:
  ${page}/trace/${instrumented}
  ${jaeger}/api/traces/${instrumented}?prettyPrint=true
A request read from the capture file:
  ${page}/trace/${captured}
  ${jaeger}/api/traces/${captured}?prettyPrint=true`);
}

try {
  await demo();
} catch (error) {
  console.error(`demo: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
} finally {
  await Promise.all(children.map((child) => stopProcess(child, 10_000)));
}
