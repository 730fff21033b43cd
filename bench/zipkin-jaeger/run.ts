/**
 * CPU of receiving Zipkin's and Jaeger's spans.
 *
 *   node bench/zipkin-jaeger/run.ts [--seconds 3] [--repeats 3] [--only TEXT]
 *
 * First the readers alone: spans per CPU second from bytes to a batch. Then, with PEERS_DIR, both
 * programs with the same YAML (receiver, exporter nop) on one core, in turn, the load on the other:
 * CPU seconds of the process over the spans that it accepted.
 */
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Client, credentials, Metadata } from '@grpc/grpc-js';
import { freePort } from '../../testing/ports.ts';
import { JaegerProto } from '../../wire/jaeger/proto.ts';
import { JaegerThrift } from '../../wire/jaeger/thrift.ts';
import { BinaryReader } from '../../wire/thrift/binary.ts';
import { ZipkinJson1 } from '../../wire/zipkin/json-v1.ts';
import { ZipkinJson2 } from '../../wire/zipkin/json-v2.ts';
import { ZipkinProto } from '../../wire/zipkin/proto-v2.ts';
import { cpuSeconds, start } from '../lib/process.ts';
import { bodies, type Format, spansEach } from './bodies.ts';

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '3' },
    repeats: { type: 'string', default: '3' },
    only: { type: 'string', default: '' },
  },
});
const seconds = Number(values.seconds);
const repeats = Number(values.repeats);
const formats = (Object.keys(bodies) as Format[]).filter((name) => name.includes(values.only));

const json2 = new ZipkinJson2(false);
const proto2 = new ZipkinProto(false);
const json1 = new ZipkinJson1(false, () => Date.now());
const thrift = new JaegerThrift();
const proto = new JaegerProto();

const readers: Readonly<Record<Format, (body: Uint8Array) => { batch?: unknown }>> = {
  'zipkin v2 JSON': (body) => json2.read(body),
  'zipkin v2 protobuf': (body) => proto2.read(body),
  'zipkin v1 JSON': (body) => json1.read(body),
  'jaeger Thrift': (body) => thrift.batch(new BinaryReader(body)),
  'jaeger protobuf': (body) => proto.request(body),
};

const median = (list: readonly number[]) => list.toSorted((a, b) => a - b)[list.length >> 1]!;
const thousands = (n: number) => `${Math.round(n / 1000)} k`;

/** Spans per CPU second of a reader. */
function measureReader(format: Format): number {
  const read = readers[format];
  const body = bodies[format];
  const rates: number[] = [];
  for (let round = 0; round <= repeats; round += 1) {
    const before = process.cpuUsage();
    const end = performance.now() + 700;
    let spans = 0;
    for (; performance.now() < end; spans += spansEach) read(body);
    const { user, system } = process.cpuUsage(before);
    if (round > 0) rates.push(spans / ((user + system) / 1e6));
  }
  return median(rates);
}

interface Place {
  readonly yaml: string;
  readonly port: number;
}

async function placeOf(format: Format): Promise<Place> {
  const port = await freePort();
  const endpoint = `{endpoint: "127.0.0.1:${port}"}`;
  if (format.startsWith('zipkin')) return { yaml: `zipkin: ${endpoint}`, port };
  const protocol = format === 'jaeger Thrift' ? 'thrift_http' : 'grpc';
  return { yaml: `jaeger: {protocols: {${protocol}: ${endpoint}}}`, port };
}

const types: Readonly<Record<Format, readonly [path: string, type: string]>> = {
  'zipkin v2 JSON': ['/api/v2/spans', 'application/json'],
  'zipkin v2 protobuf': ['/api/v2/spans', 'application/x-protobuf'],
  'zipkin v1 JSON': ['/api/v1/spans', 'application/json'],
  'jaeger Thrift': ['/api/traces', 'application/x-thrift'],
  'jaeger protobuf': ['', ''],
};

type Send = () => Promise<void>;

function httpSender(format: Format, port: number, agent: Agent): Send {
  const [path, type] = types[format];
  const body = bodies[format];
  const headers = { 'content-type': type, 'content-length': body.length };
  return () =>
    new Promise((resolve, reject) => {
      const call = request({ port, host: '127.0.0.1', path, method: 'POST', agent, headers });
      call.on('response', (answer) => {
        answer.resume();
        answer.on('end', () => {
          if (answer.statusCode === 202) resolve();
          else reject(new Error(`${format}: ${answer.statusCode}`));
        });
      });
      call.on('error', reject);
      call.end(body);
    });
}

function grpcSender(client: Client): Send {
  const same = (bytes: Buffer): Buffer => bytes;
  const body = Buffer.from(bodies['jaeger protobuf']);
  const path = '/jaeger.api_v2.CollectorService/PostSpans';
  return () =>
    new Promise((resolve, reject) => {
      client.makeUnaryRequest(path, same, same, body, new Metadata(), (error) =>
        error === null ? resolve() : reject(error),
      );
    });
}

async function until(send: Send): Promise<void> {
  for (let i = 0; i < 200; i += 1) {
    const failed = await send().then(
      () => false,
      () => true,
    );
    if (!failed) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error('the program does not answer');
}

async function load(send: Send, ms: number): Promise<number> {
  const end = performance.now() + ms;
  let spans = 0;
  const worker = async (): Promise<void> => {
    while (performance.now() < end) {
      await send();
      spans += spansEach;
    }
  };
  await Promise.all(Array.from({ length: 4 }, worker));
  return spans;
}

/** Spans per CPU second of a program. @param command and arguments before `--config FILE` */
async function measureProgram(format: Format, command: readonly string[]): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), 'zipkin-jaeger-'));
  const { yaml, port } = await placeOf(format);
  const file = join(folder, 'config.yaml');
  const receiver = yaml.split(':')[0];
  const service = `{telemetry: {metrics: {level: none}}, pipelines: {traces: {receivers: [${receiver}], exporters: [nop]}}}`;
  writeFileSync(file, `receivers: {${yaml}}\nexporters: {nop: }\nservice: ${service}\n`);
  const [program = '', ...args] = command;
  const child = start(program, [...args, '--config', file], {
    core: 0,
    log: false,
    env: { GOMAXPROCS: '1' },
  });
  const agent = new Agent({ keepAlive: true, maxSockets: 4 });
  const client = new Client(`127.0.0.1:${port}`, credentials.createInsecure());
  try {
    const send =
      format === 'jaeger protobuf' ? grpcSender(client) : httpSender(format, port, agent);
    await until(send);
    await load(send, 1000);
    const before = cpuSeconds(child.pid);
    const spans = await load(send, seconds * 1000);
    return spans / (cpuSeconds(child.pid) - before);
  } finally {
    agent.destroy();
    client.close();
    child.process.kill();
    rmSync(folder, { recursive: true, force: true });
  }
}

const peer = join(process.env.PEERS_DIR ?? '', 'bin/otelcol-dropin');
const hasPeer = process.env.PEERS_DIR !== undefined && existsSync(peer);
const main = join(import.meta.dirname, '../../gateway/main.ts');
const ours = [process.execPath, ...process.execArgv, main];

console.log(`load ${loadavg()[0]?.toFixed(2)}; messages of ${spansEach} spans, ten tags each`);
console.log('format               bytes/span   reader      program     otelcol     ratio');
for (const format of formats) {
  const reader = measureReader(format);
  const mine: number[] = [];
  const theirs: number[] = [];
  for (let i = 0; i < repeats; i += 1) {
    mine.push(await measureProgram(format, ours));
    if (hasPeer) theirs.push(await measureProgram(format, [peer]));
  }
  const other = hasPeer ? median(theirs) : Number.NaN;
  const columns = [
    format.padEnd(20),
    String(Math.round(bodies[format].length / spansEach)).padEnd(12),
    thousands(reader).padEnd(11),
    thousands(median(mine)).padEnd(11),
    (hasPeer ? thousands(other) : '-').padEnd(11),
    hasPeer ? (median(mine) / other).toFixed(1) : '-',
  ];
  console.log(columns.join(' '));
}
