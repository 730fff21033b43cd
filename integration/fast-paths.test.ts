// The program with its native code and without: the same input gives the same bytes.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import * as http from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import test, { after, before } from 'node:test';
import type { Signal } from '../component/signals.ts';
import { parseJson, toJson } from '../pdata/json.ts';
import { parseRequest } from '../pdata/parse.ts';
import { mutate, randomRequest } from '../pdata/testing/random-request.ts';
import { freePorts } from '../testing/ports.ts';
import { ClickHouseProxy, type Engine, enginePassword, startEngine } from './lib/clickhouse.ts';
import { shopLogs, shopMetrics, shopTraces } from './lib/otlp-samples.ts';
import { Program, scratch } from './lib/program.ts';

const addons = ['otlp.node', 'columns.node'];
const absent = addons.filter(
  (name) => !existsSync(join(import.meta.dirname, '../native/build', name)),
);
const reason = absent.length === 0 ? '' : `native/build lacks ${absent.join(', ')}`;

const signals = ['traces', 'logs', 'metrics'] as const;
const folder = scratch();

/** A sink that answers 200 and keeps what came, by path. */
class Sink {
  readonly bodies: string[] = [];
  readonly #server = http.createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const body = Buffer.concat(chunks);
      this.bodies.push(`${request.url} ${request.headers['content-type']} ${describe(body)}`);
      response.writeHead(200, { 'content-type': request.headers['content-type'] }).end();
    });
  });

  async start(): Promise<string> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  stop(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }
}

/** Length, hash and beginning: enough to tell two bodies apart, and to look for the difference. */
function describe(body: Uint8Array): string {
  const hash = createHash('sha256').update(body).digest('hex');
  return `${body.length} ${hash} ${Buffer.from(body.subarray(0, 64)).toString('hex')}`;
}

/** One program with its own sink and proxy. */
interface Side {
  readonly program: Program;
  readonly otlp: string;
  readonly plain: string;
  readonly sink: Sink;
  readonly smart: ClickHouseProxy;
  readonly otel: ClickHouseProxy;
  readonly smartUrl: string;
  readonly otelUrl: string;
}

function yaml(ports: readonly number[], sink: string, smart: string, otel: string): string {
  const off = 'sending_queue: {enabled: false}, retry_on_failure: {enabled: false}';
  const to = (path: string): string => `endpoint: "${sink}/${path}", compression: none, ${off}`;
  const login = `username: default, password: ${enginePassword}, ${off}`;
  const edited = '[resource, attributes]';
  const pipelines = signals.map(
    (signal) => `    ${signal}: {receivers: [otlp], processors: ${edited}, exporters: [otlp_http]}
    ${signal}/json: {receivers: [otlp], processors: ${edited}, exporters: [otlp_http/json]}
    ${signal}/plain: {receivers: [otlp/plain], exporters: [otlp_http/plain]}
    ${signal}/otel: {receivers: [otlp/otel], exporters: [clickhouse/otel]}
`,
  );
  return `receivers:
  otlp: {protocols: {http: {endpoint: "127.0.0.1:${ports[0]}"}}}
  otlp/plain: {protocols: {http: {endpoint: "127.0.0.1:${ports[1]}"}}}
  otlp/smart: {protocols: {http: {endpoint: "127.0.0.1:${ports[2]}"}}}
  otlp/otel: {protocols: {http: {endpoint: "127.0.0.1:${ports[3]}"}}}
processors:
  resource:
    attributes:
      - {key: deployment.environment.name, value: test, action: upsert}
      - {key: zone, action: delete}
      - {key: a, from_attribute: service.name, action: insert}
  attributes:
    actions:
      - {key: inserted, value: 17, action: insert}
      - {key: string, value: changed, action: update}
      - {key: service.name, value: [1, x, true], action: upsert}
      - {key: negative, action: delete}
      - {key: unicode, action: hash}
      - {key: http.method, action: hash}
      - {pattern: "^k[0-9]$", action: delete}
      - {key: int, action: convert, converted_type: string}
      - {key: key, pattern: "^(?P<letter>k)(?P<digits>[0-9]+)$", action: extract}
exporters:
  otlp_http: {${to('edited')}}
  otlp_http/json: {${to('json')}, encoding: json}
  otlp_http/plain: {${to('plain')}}
  clickhouse/smart:
    {endpoint: "${smart}", database: smart, schema: smart, ${login},
     service_edges: {enabled: false}}
  clickhouse/otel: {endpoint: "${otel}", database: otel, schema: otel, ${login}}
service:
  telemetry:
    metrics: {readers: [{pull: {exporter: {prometheus: {host: 127.0.0.1, port: ${ports[4]}}}}}]}
  pipelines:
${pipelines.join('')}    traces/smart: {receivers: [otlp/smart], exporters: [clickhouse/smart]}
`;
}

async function startSide(engine: Engine, env: NodeJS.ProcessEnv): Promise<Side> {
  const ports = await freePorts(5);
  const sink = new Sink();
  const [smart, otel] = [new ClickHouseProxy(engine.url), new ClickHouseProxy(engine.url)];
  for (const proxy of [smart, otel]) await proxy.open();
  const config = yaml(ports, await sink.start(), smart.url, otel.url);
  const metricsPort = ports[4]!;
  const program = await Program.startWith(config, folder.path, { env, metricsPort });
  smart.keep = true;
  otel.keep = true;
  const at = (index: number): string => `http://127.0.0.1:${ports[index]}`;
  const urls = { otlp: at(0), plain: at(1), smartUrl: at(2), otelUrl: at(3) };
  return { program, sink, smart, otel, ...urls };
}

let engine: Engine | undefined;
let fast: Side;
let slow: Side;

before(async () => {
  if (reason !== '') return;
  engine = await startEngine(join(folder.path, 'engine'));
  fast = await startSide(engine, {});
  slow = await startSide(engine, { WIRESTITCH_FAST_PATHS: 'off' });
});

after(async () => {
  for (const side of engine === undefined ? [] : [fast, slow]) {
    await side.program.stop();
    side.sink.stop();
    await side.smart.close();
    await side.otel.close();
  }
  await engine?.stop();
  folder.remove();
});

interface Input {
  readonly signal: Signal;
  readonly type: string;
  readonly body: Uint8Array;
}

const protobuf = 'application/x-protobuf';
const json = 'application/json';

/** One request that says everything and few that people send. */
function realistic(nowNs: bigint): Input[] {
  const inputs: Input[] = [];
  const samples = { traces: shopTraces, logs: shopLogs, metrics: shopMetrics };
  for (const signal of signals) {
    for (const [seed, count] of [1, 3, 40].entries()) {
      const text = Buffer.from(JSON.stringify(samples[signal](count, nowNs, seed + 1)));
      const batch = parseJson(signal, text);
      inputs.push({ signal, type: json, body: text });
      inputs.push({ signal, type: protobuf, body: Buffer.concat([...batch.ranges()]) });
    }
  }
  return inputs;
}

/** Requests of every field, some with what no encoder writes, some damaged. */
function random(count: number): Input[] {
  const inputs: Input[] = [];
  for (let seed = 1; seed <= count; seed++) {
    for (const signal of signals) {
      const shape = { unknown: seed % 3 === 1, wild: seed % 3 === 2 };
      const whole = randomRequest(signal, seed * 31, shape);
      inputs.push({ signal, type: protobuf, body: whole });
      if (seed % 4 === 0) {
        inputs.push({ signal, type: protobuf, body: mutate(whole, seed) });
      }
      if (seed % 5 === 0) {
        const text = toJson(parseRequest(signal, whole));
        inputs.push({ signal, type: json, body: Buffer.from(text) });
      }
    }
  }
  return inputs;
}

async function send(base: string, input: Input): Promise<string> {
  const response = await fetch(`${base}/v1/${input.signal}`, {
    method: 'POST',
    headers: { 'content-type': input.type },
    body: Buffer.from(input.body),
  });
  return `${response.status} ${await response.text()}`;
}

/** Sends to both, one request after the other; the answers are equal. @returns those accepted */
async function sendBoth(urlOf: (side: Side) => string, inputs: readonly Input[]): Promise<number> {
  let accepted = 0;
  for (const [index, input] of inputs.entries()) {
    const answers = await Promise.all([fast, slow].map((side) => send(urlOf(side), input)));
    assert.equal(answers[0], answers[1], `${input.signal} ${index}`);
    if (answers[0]?.startsWith('200')) accepted += 1;
  }
  return accepted;
}

test('native code is used, and is not', (t) => {
  if (reason !== '') return t.skip(reason);
  for (const side of [fast, slow]) {
    const maps = readFileSync(`/proc/${side.program.pid}/maps`, 'utf8');
    for (const name of addons) assert.equal(maps.includes(name), side === fast, name);
  }
});

const now = (): bigint => BigInt(Date.now()) * 1_000_000n;

test('OTLP through processors and as it came', async (t) => {
  if (reason !== '') return t.skip(reason);
  const inputs = [...realistic(now()), ...random(40)];
  for (const url of [(s: Side) => s.otlp, (s: Side) => s.plain]) {
    const accepted = await sendBoth(url, inputs);
    assert.ok(accepted >= 120 && accepted < inputs.length, `${accepted} of ${inputs.length}`);
  }
  // The two exporters of one request have no order among each other.
  assert.deepEqual(slow.sink.bodies.toSorted(), fast.sink.bodies.toSorted());
  const paths = new Set(fast.sink.bodies.map((line) => line.split(' ')[0]));
  assert.equal(paths.size, 9, [...paths].join());
  t.diagnostic(`${inputs.length} requests, ${fast.sink.bodies.length} bodies equal`);
});

test('INSERTs of schema otel', async (t) => {
  if (reason !== '') return t.skip(reason);
  const accepted = await sendBoth((side) => side.otelUrl, [...realistic(now()), ...random(14)]);
  const bodies = (side: Side): string[] =>
    side.otel.inserts.map(({ table, body }) => `${table} ${describe(body)}`);
  assert.deepEqual(bodies(slow).toSorted(), bodies(fast).toSorted());
  const tables = new Set(fast.otel.inserts.map((insert) => insert.table));
  assert.equal(tables.size, 7, [...tables].join());
  t.diagnostic(`${accepted} requests, ${fast.otel.inserts.length} INSERTs equal`);
});

/** A varint of Native. */
function varint(body: Buffer, at: number): [value: number, next: number] {
  let value = 0;
  for (let shift = 0; ; shift += 7) {
    const byte = body[at++]!;
    value |= (byte & 127) << shift;
    if (byte < 128) return [value, at];
  }
}

/**
 * The block without what differs by design: the random id of the batch, which the query id names,
 * and column `bucket` of spans whose time lies far from now, which is the minute of receipt.
 */
function withoutChance(table: string, queryId: string, block: Buffer, far: boolean): Buffer {
  const body = Buffer.from(block);
  const batch = BigInt(`0x${/^wirestitch-([0-9a-f]{16})-/.exec(queryId)![1]}`);
  const id = Buffer.alloc(8);
  id.writeBigUInt64LE(batch);
  for (let at = body.indexOf(id); at >= 0; at = body.indexOf(id, at)) body.fill(0, at, at + 8);
  if (!far || table !== 'spans') return body;
  const [, afterColumns] = varint(body, 0);
  const [rows] = varint(body, afterColumns);
  const name = body.indexOf('\x06bucket');
  assert.ok(name >= 0 && name < 16, 'bucket is the first column');
  const [length, type] = varint(body, name + 7);
  body.fill(0, type + length, type + length + 4 * rows);
  return body;
}

for (const far of [false, true]) {
  test(`INSERTs of schema smart, ${far ? 'any times' : 'times of now'}`, async (t) => {
    if (reason !== '') return t.skip(reason);
    for (const side of [fast, slow]) side.smart.inserts.length = 0;
    const inputs = far ? random(40) : realistic(now());
    const traces = inputs.filter((input) => input.signal === 'traces');
    const accepted = await sendBoth((side) => side.smartUrl, traces);
    const bodies = (side: Side): string[] =>
      side.smart.inserts.map(({ table, queryId, body }) => {
        return `${table} ${describe(withoutChance(table, queryId, body, far))}`;
      });
    assert.deepEqual(bodies(slow), bodies(fast));
    const tables = new Set(fast.smart.inserts.map((insert) => insert.table));
    assert.deepEqual([...tables].sort(), ['operations', 'resources', 'scopes', 'spans']);
    t.diagnostic(`${accepted} requests, ${fast.smart.inserts.length} INSERTs equal`);
  });
}

test('the books of both balance', async (t) => {
  if (reason !== '') return t.skip(reason);
  for (const side of [fast, slow]) assert.deepEqual(await side.program.unbalanced(), []);
});
