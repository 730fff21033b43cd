// The program with its native code and without: the same input gives the same bytes.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { after, before } from 'node:test';
import { freePorts } from '../testing/ports.ts';
import {
  describe,
  flatSignals,
  type Input,
  missingAddons,
  post,
  random,
  realistic,
  Sink,
  withoutChance,
} from './fast-paths-rig.ts';
import { ClickHouseProxy, type Engine, enginePassword, startEngine } from './lib/clickhouse.ts';
import { Program, scratch } from './lib/program.ts';

const addons = ['otlp.node', 'columns.node'];
const reason = missingAddons(addons);

const folder = scratch();

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
  const pipelines = flatSignals.map(
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

/** Sends to both, one request after the other; the answers are equal. @returns those accepted */
async function sendBoth(urlOf: (side: Side) => string, inputs: readonly Input[]): Promise<number> {
  let accepted = 0;
  for (const [index, input] of inputs.entries()) {
    const answers = await Promise.all([fast, slow].map((side) => post(urlOf(side), input)));
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
