/**
 * What the program costs before it has any load: time from its second start to the first accepted
 * request, resident set when idle, memory of idle gRPC connections; beside the Go collector where
 * there is one.
 *
 *   node scripts/launch.mjs bench/start/run.ts [--repeats 5] [--connections 2000]
 */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import http2 from 'node:http2';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { freePorts } from '../../testing/ports.ts';
import { request } from '../lib/payload.ts';
import { type Child, sleep, start } from '../lib/process.ts';

const { values } = parseArgs({
  options: {
    repeats: { type: 'string', default: '5' },
    connections: { type: 'string', default: '2000' },
  },
});
const repeats = Number(values.repeats);
const connections = Number(values.connections);
const root = join(import.meta.dirname, '../..');
const peer = join(process.env.PEERS_DIR ?? '', 'bin/otelcol-lite');
const scratch = mkdtempSync(join(tmpdir(), 'wirestitch-bench-start-'));
const [grpc = 0, http = 0, engine = 0, jaeger = 0] = await freePorts(4);

const receivers = `receivers:
  otlp: {protocols: {grpc: {endpoint: "127.0.0.1:${grpc}"}, http: {endpoint: "127.0.0.1:${http}"}}}
`;
const telemetry = 'telemetry: {metrics: {level: none}}';
const toNop = `${receivers}exporters: {nop: }
service: {${telemetry}, pipelines: {traces: {receivers: [otlp], exporters: [nop]}}}
`;
const toEngine = `${receivers}exporters:
  clickhouse:
    {engine: embedded_clickhouse, schema: smart, sending_queue: {storage: file_storage}}
extensions:
  file_storage: {directory: "${scratch}/queue", create_directory: true}
  embedded_clickhouse: {path: "${scratch}/clickhouse", listen: "127.0.0.1:${engine}"}
  jaeger_query: {endpoint: "127.0.0.1:${jaeger}", storage: {engine: embedded_clickhouse}}
service:
  extensions: [file_storage, embedded_clickhouse, jaeger_query]
  ${telemetry}
  pipelines: {traces: {receivers: [otlp], exporters: [clickhouse]}}
`;

interface Case {
  readonly name: string;
  readonly command: string;
  readonly yaml: string;
}

const own = join(root, 'bin/wirestitch');
const cases: Case[] = [
  { name: 'wirestitch, OTLP to nop', command: own, yaml: toNop },
  { name: 'wirestitch, OTLP to the embedded engine, Jaeger API', command: own, yaml: toEngine },
];
if (existsSync(peer)) cases.push({ name: 'Go collector, OTLP to nop', command: peer, yaml: toNop });

const body = request('traces', 1);
const headers = { 'content-type': 'application/x-protobuf' };

async function accepted(): Promise<boolean> {
  try {
    const url = `http://127.0.0.1:${http}/v1/traces`;
    const response = await fetch(url, { method: 'POST', body, headers });
    await response.arrayBuffer();
    return response.ok;
  } catch {
    return false;
  }
}

/** @returns the program and the milliseconds until it has accepted a request */
async function begin({ command, yaml }: Case): Promise<[Child, number]> {
  const file = join(scratch, 'config.yaml');
  writeFileSync(file, yaml);
  const from = performance.now();
  const child = start(command, ['--config', file]);
  while (!(await accepted())) {
    if (child.process.exitCode !== null) throw new Error(`${command} has ended`);
    await sleep(5);
  }
  return [child, performance.now() - from];
}

/** Of a launcher the program itself. */
function programPid(pid: number): number {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim();
  return children === '' ? pid : Number(children.split(' ')[0]);
}

function rssKb(pid: number): number {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);
}

/** Connections as gRPC clients hold them: greeted, settings exchanged, no call. */
async function connect(count: number): Promise<http2.ClientHttp2Session[]> {
  const sessions: http2.ClientHttp2Session[] = [];
  while (sessions.length < count) {
    const some = Array.from({ length: Math.min(100, count - sessions.length) }, () =>
      http2.connect(`http://127.0.0.1:${grpc}`),
    );
    await Promise.all(
      some.map((session) => new Promise((resolve) => session.once('remoteSettings', resolve))),
    );
    sessions.push(...some);
  }
  return sessions;
}

for (const one of cases) {
  const [first] = await begin(one);
  await first.stop();
  const times: number[] = [];
  for (let i = 0; i < repeats; i++) {
    const [again, ms] = await begin(one);
    times.push(ms);
    await again.stop();
  }
  const [child] = await begin(one);
  await sleep(25_000);
  const pid = programPid(child.pid);
  const idleKb = rssKb(pid);
  const sessions = await connect(connections);
  await sleep(3_000);
  const each = (rssKb(pid) - idleKb) / connections;
  for (const session of sessions) session.destroy();
  await child.stop();
  const [low, median, high] = [0, 0.5, 1].map((q) =>
    times.toSorted((a, b) => a - b)[Math.round(q * (times.length - 1))]!.toFixed(0),
  );
  console.log(
    `${one.name}: second start ${median} ms (${low} to ${high}), idle ${(idleKb / 1024).toFixed(0)}` +
      ` MB, ${each.toFixed(1)} KB for each of ${connections} idle gRPC connections`,
  );
}
console.log(`load average ${loadavg()[0]?.toFixed(1)}`);
rmSync(scratch, { recursive: true, force: true });
