// The program with its native code and without: gRPC, remote write, rows of schema smart, queues.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import * as http2 from 'node:http2';
import { join } from 'node:path';
import test, { after, before } from 'node:test';
import { compressSync } from 'snappy';
import { parseJson } from '../pdata/json.ts';
import { parseRequest } from '../pdata/parse.ts';
import { freePorts } from '../testing/ports.ts';
import { until } from '../testing/until.ts';
import { message1, message2, type TestSeries } from '../wire/prometheus/testing/message.ts';
import {
  describe,
  flatSignals,
  GrpcSink,
  type Input,
  missingAddons,
  post,
  protobuf,
  random,
  realistic,
  unaryExport,
  withoutChance,
} from './fast-paths-rig.ts';
import { ClickHouseProxy, type Engine, enginePassword, startEngine } from './lib/clickhouse.ts';
import { Program, scratch } from './lib/program.ts';

const addons = ['otlp.node', 'columns.node', 'remote-write.node'];
const reason = missingAddons(addons);
const folder = scratch();
const encodings = ['none', 'gzip', 'zstd'] as const;

/** Where each kind of INSERT goes: a way of its own, so that each has its own proxy. */
const ways = ['smart', 'traces', 'logs', 'metrics', 'written', 'writtenQueue'] as const;
type Way = (typeof ways)[number];

const now = (): bigint => BigInt(Date.now()) * 1_000_000n;

/** What is sent to the queue of each signal. */
const queued = new Map<Way, readonly Input[]>(
  flatSignals.map((signal) => {
    const inputs = realistic(now()).filter((input) => input.signal === signal);
    return [signal, Array.from({ length: 8 }, () => inputs).flat()];
  }),
);

/** Rows of remote write that are accepted: see {@link writes}. */
const writtenItems = (1 + 40 + 300) * 3 * 2 * 2 + 5 * 2 + 1;

/** A delivery of a queue is all that is sent to it: where it is cut is not left to chance. */
function itemsOf(way: Way): number {
  const inputs = queued.get(way);
  if (inputs === undefined) return writtenItems;
  return inputs.reduce((sum, { signal, type, body }) => {
    const batch = type === protobuf ? parseRequest(signal, body) : parseJson(signal, body);
    return sum + batch.itemCount;
  }, 0);
}

/** One program with its own sinks. */
interface Side {
  readonly program: Program;
  readonly grpc: http2.ClientHttp2Session;
  readonly sink: GrpcSink;
  readonly url: Readonly<Record<Way, string>>;
  readonly proxy: Readonly<Record<Way, ClickHouseProxy>>;
}

function yaml(ports: readonly number[], sink: string, urls: Readonly<Record<Way, string>>): string {
  const off = 'sending_queue: {enabled: false}, retry_on_failure: {enabled: false}';
  const queue = (way: Way): string =>
    `sending_queue: {num_consumers: 1, batch: {min_size: ${itemsOf(way)}, flush_timeout: 100s}}, ` +
    'retry_on_failure: {enabled: false}';
  const login = `schema: smart, database: smart, username: default, password: ${enginePassword}`;
  const edges = 'service_edges: {enabled: false}';
  const grpc = encodings.map(
    (name) =>
      `  otlp_grpc/${name}: {endpoint: "${sink}", tls: {insecure: true}, compression: ${name}, ${off}}\n`,
  );
  const clickhouse = ways.map((way) => {
    const waits = way === 'smart' || way === 'written' ? off : queue(way);
    return `  clickhouse/${way}: {endpoint: "${urls[way]}", ${login}, ${edges}, ${waits}}\n`;
  });
  const exporters = encodings.map((name) => `otlp_grpc/${name}`).join(', ');
  const pipelines = flatSignals.map(
    (signal) => `    ${signal}: {receivers: [otlp], exporters: [${exporters}]}
    ${signal}/smart: {receivers: [otlp/smart], exporters: [clickhouse/smart]}
    ${signal}/queue: {receivers: [otlp/queue], exporters: [clickhouse/${signal}]}
`,
  );
  return `receivers:
  otlp: {protocols: {grpc: {endpoint: "127.0.0.1:${ports[0]}"}}}
  otlp/smart: {protocols: {http: {endpoint: "127.0.0.1:${ports[1]}"}}}
  otlp/queue: {protocols: {http: {endpoint: "127.0.0.1:${ports[2]}"}}}
  prometheus_remote_write: {endpoint: "127.0.0.1:${ports[3]}"}
  prometheus_remote_write/queue: {endpoint: "127.0.0.1:${ports[4]}"}
exporters:
${grpc.join('')}${clickhouse.join('')}service:
  telemetry:
    metrics: {readers: [{pull: {exporter: {prometheus: {host: 127.0.0.1, port: ${ports[5]}}}}}]}
  pipelines:
${pipelines.join('')}    metrics/written:
      {receivers: [prometheus_remote_write], exporters: [clickhouse/written]}
    metrics/writtenQueue:
      {receivers: [prometheus_remote_write/queue], exporters: [clickhouse/writtenQueue]}
`;
}

async function startSide(engine: Engine, env: NodeJS.ProcessEnv): Promise<Side> {
  const ports = await freePorts(6);
  const sink = new GrpcSink();
  const proxies = ways.map((way) => [way, new ClickHouseProxy(engine.url)] as const);
  for (const [, proxy] of proxies) await proxy.open();
  const urls = Object.fromEntries(proxies.map(([way, { url }]) => [way, url]));
  const config = yaml(ports, await sink.start(), urls as Record<Way, string>);
  const metricsPort = ports[5]!;
  const program = await Program.startWith(config, folder.path, { env, metricsPort });
  for (const [, proxy] of proxies) proxy.keep = true;
  const at = (index: number): string => `http://127.0.0.1:${ports[index]}`;
  return {
    program,
    sink,
    grpc: http2.connect(at(0)),
    url: {
      ...{ smart: at(1), written: at(3), writtenQueue: at(4) },
      ...{ traces: at(2), logs: at(2), metrics: at(2) },
    },
    proxy: Object.fromEntries(proxies) as Record<Way, ClickHouseProxy>,
  };
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
    side?.grpc.destroy();
    await side?.program.stop();
    side?.sink.stop();
    for (const proxy of Object.values(side?.proxy ?? {})) await proxy.close();
  }
  await engine?.stop();
  folder.remove();
});

/** INSERTs of both ways, without what differs by design. */
async function compareInserts(way: Way, atLeast: number, far = false): Promise<string[]> {
  const tables = new Set<string>();
  const bodies = (side: Side): string[] =>
    side.proxy[way].inserts.splice(0).map(({ table, queryId, body }) => {
      tables.add(table);
      return `${table} ${describe(withoutChance(table, queryId, body, far))}`;
    });
  const [ofFast, ofSlow] = [bodies(fast), bodies(slow)];
  assert.deepEqual(ofSlow, ofFast);
  assert.ok(ofFast.length >= atLeast, `${ofFast.length} INSERTs`);
  return [...tables].sort();
}

test('native code is used, and is not', (t) => {
  if (reason !== '') return t.skip(reason);
  for (const side of [fast, slow]) {
    const maps = readFileSync(`/proc/${side.program.pid}/maps`, 'utf8');
    for (const name of addons) assert.equal(maps.includes(name), side === fast, name);
  }
});

test('gRPC in and out: payloads as they are decompressed', async (t) => {
  if (reason !== '') return t.skip(reason);
  let accepted = 0;
  const inputs = [...realistic(now()), ...random(20)].filter(({ type }) => type === protobuf);
  for (const encoding of encodings) {
    for (const { signal, body } of inputs) {
      const answers = await Promise.all(
        [fast, slow].map(({ grpc }) => unaryExport(grpc, signal, body, encoding)),
      );
      assert.equal(answers[0], answers[1]);
      if (answers[0]!.startsWith('0 ')) accepted += 1;
    }
  }
  assert.ok(accepted > 100, `${accepted} accepted`);
  assert.ok(accepted < inputs.length * 3, 'none was refused');
  assert.deepEqual(slow.sink.bodies.toSorted(), fast.sink.bodies.toSorted());
  assert.ok(fast.sink.bodies.length > 300, `${fast.sink.bodies.length} payloads`);
  t.diagnostic(`${accepted} requests, ${fast.sink.bodies.length} payloads equal`);
});

/** Posts to both, one after the other; the answers are equal. */
async function postBoth(way: Way, inputs: readonly Input[]): Promise<number> {
  let accepted = 0;
  for (const [index, input] of inputs.entries()) {
    const answers = await Promise.all([fast, slow].map((side) => post(side.url[way], input)));
    assert.equal(answers[0], answers[1], `${input.signal} ${index}`);
    if (answers[0]!.startsWith('200')) accepted += 1;
  }
  return accepted;
}

for (const signal of ['logs', 'metrics'] as const) {
  test(`INSERTs of schema smart: ${signal}`, async (t) => {
    if (reason !== '') return t.skip(reason);
    const inputs = [...realistic(now()), ...random(25)].filter((input) => input.signal === signal);
    const accepted = await postBoth('smart', inputs);
    assert.ok(accepted >= 20, `${accepted} accepted`);
    const tables = await compareInserts('smart', accepted);
    assert.ok(tables.length >= 2, tables.join());
  });
}

const sentNames = ['spans', 'log_records', 'metric_points'].map(
  (items) => `otelcol_exporter_sent_${items}`,
);

/** Waits until the queue of a way has been delivered. */
async function delivered(way: Way): Promise<void> {
  const items = itemsOf(way);
  for (const { program } of [fast, slow]) {
    let sent = 0;
    const isSent = async (): Promise<boolean> => {
      sent = 0;
      for (const name of sentNames) sent += await program.metric(name, `clickhouse/${way}"`);
      return sent >= items;
    };
    await until(isSent, `${items} items are sent`, undefined, 100);
    assert.equal(sent, items);
  }
}

for (const [way, inputs] of queued) {
  test(`a queue that takes batches up as they come: ${way}`, async (t) => {
    if (reason !== '') return t.skip(reason);
    assert.equal(await postBoth(way, inputs), inputs.length);
    await delivered(way);
    t.diagnostic((await compareInserts(way, 1)).join());
  });
}

/** Series as Prometheus sends them, plain ones and others. */
function series(count: number, at: number): TestSeries[] {
  return Array.from({ length: count }, (_, i) => ({
    labels: {
      __name__: `requests_${i % 7}_total`,
      instance: `host:${i % 5}`,
      job: 'api',
      n: `${i}`,
    },
    samples: [
      { value: i, time: at },
      { value: i + 0.5, time: at + 1000 },
    ],
    ...(i % 11 === 0 ? { exemplars: [{ labels: { trace_id: 'ab' }, value: 1, time: at }] } : {}),
  }));
}

const writtenAt = Date.now();

/** Messages of both versions. */
function writes(at: number): { type: string; message: Buffer }[] {
  const messages: { type: string; message: Buffer }[] = [];
  for (const count of [1, 40, 300]) {
    for (let round = 0; round < 3; round++) {
      const list = series(count, at + round * 15_000);
      messages.push({ type: protobuf, message: message1(list) });
      messages.push({
        type: `${protobuf};proto=io.prometheus.write.v2.Request`,
        message: message2(list.map((one) => ({ ...one, type: 1, help: 'Requests', unit: '' }))),
      });
    }
  }
  const odd: TestSeries = {
    labels: { __name__: 'h', job: 'api' },
    histograms: [
      { count: 2, sum: 2.5, schema: 0, positiveSpans: [[0, 2]], positive: [1, 0], time: at },
    ],
  };
  messages.push({ type: protobuf, message: message1([...series(5, at), odd]) });
  messages.push({ type: protobuf, message: message1(series(20, at)).subarray(0, -3) });
  return messages;
}

for (const way of ['written', 'writtenQueue'] as const) {
  test(`remote write into rows: ${way}`, async (t) => {
    if (reason !== '') return t.skip(reason);
    let accepted = 0;
    for (const { type, message } of writes(writtenAt)) {
      const headers = { 'content-type': type, 'content-encoding': 'snappy' };
      const answers = await Promise.all(
        [fast, slow].map(async (side) => {
          const url = `${side.url[way]}/api/v1/write`;
          const body = compressSync(message);
          const response = await fetch(url, { method: 'POST', headers, body });
          return `${response.status} ${await response.text()}`;
        }),
      );
      assert.equal(answers[0], answers[1]);
      if (answers[0]!.startsWith('2')) accepted += 1;
    }
    assert.ok(accepted >= 19, `${accepted} accepted`);
    if (way === 'writtenQueue') await delivered(way);
    t.diagnostic((await compareInserts(way, 1)).join());
  });
}

test('the books of both balance', async (t) => {
  if (reason !== '') return t.skip(reason);
  for (const side of [fast, slow]) assert.deepEqual(await side.program.unbalanced(), []);
});
