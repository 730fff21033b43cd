/**
 * Unmodified clients that point at the paths of a DeepFlow agent, on a port that receiver deepflow
 * shares with others: what they sent is found again in the store, value by value. Neighbours at the
 * port come and go by reload.
 */
import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import { join } from 'node:path';
import { after, before, type TestContext, test } from 'node:test';
import { promisify } from 'node:util';
import { freePort } from '../../testing/ports.ts';
import { stopProcess } from '../../testing/process.ts';
import { eventually } from '../lib/all-in-one.ts';
import { peerMissing, peerPath } from '../lib/peer.ts';
import { Program, scratch } from '../lib/program.ts';
import { type Stored, type StoredReceiver, startStored } from '../lib/stored.ts';
import { pointKey, storedPoints, valuesOf } from '../lib/stored-points.ts';
import { type Got, type ResourceSpans, spansIn, storedSpans } from '../lib/stored-spans.ts';
import { installed, python, senders, sentBy } from './said.ts';

const count = 1000;
const telegraf = peerPath('telegraf');

let stored: Stored;
let port: number;
let url: string;

before(async () => {
  port = await freePort();
  url = `http://127.0.0.1:${port}`;
  const endpoint = `{endpoint: "127.0.0.1:${port}"}`;
  const one = (config: string, ...signals: StoredReceiver['signals']) => ({ config, signals });
  stored = await startStored({
    deepflow: one(endpoint, 'traces', 'metrics', 'logs'),
    otlp: one(
      `{protocols: {http: {endpoint: "127.0.0.1:${port}", read_timeout: 0, idle_timeout: 1m}}}`,
      'traces',
    ),
    zipkin: one(endpoint, 'traces'),
  });
});

after(() => stored?.stop());

/** What is configured beside the port. */
interface Given {
  readonly zipkin?: string;
  /** Keys of all. */
  readonly common?: string;
  /** Id of a receiver more. */
  readonly more?: string;
}

/** All at one port. */
function configOf(folder: string, port: number, given: Given): string {
  const { zipkin = 'parse_string_tags: false', common = '', more = '' } = given;
  const endpoint = `endpoint: "127.0.0.1:${port}"${common}`;
  return `receivers:
  deepflow: {${endpoint}}
  otlp: {protocols: {http: {${endpoint}, read_timeout: 0, idle_timeout: 1m}}}
  zipkin: {${endpoint}, ${zipkin}}
${more === '' ? '' : `  ${more}: {${endpoint}}\n`}exporters:
  file: {path: "${folder}/traces.json", flush_interval: 50ms}
service:
  telemetry: {metrics: {level: none}}
  pipelines:
    traces: {receivers: [deepflow, otlp, zipkin], exporters: [file]}
    metrics: {receivers: [deepflow${more === '' ? '' : `, ${more}`}], exporters: [file]}
    logs: {receivers: [deepflow], exporters: [file]}
`;
}

interface Running {
  readonly url: string;
  readonly port: number;
  readonly folder: string;
  readonly program: Program;
  /** Writes another configuration and has it read; waits for what is logged then. */
  reload(given: Given, logged: string): Promise<void>;
}

async function start(t: TestContext): Promise<Running> {
  const folder = scratch();
  t.after(() => folder.remove());
  const port = await freePort();
  const config = join(folder.path, 'config.yaml');
  writeFileSync(config, configOf(folder.path, port, {}));
  const program = await Program.start(['--config', config]);
  t.after(() => program.stop());
  const reload = async (given: Given, logged: string): Promise<void> => {
    const times = () => program.log.split(logged).length;
    const before = times();
    writeFileSync(config, configOf(folder.path, port, given));
    process.kill(program.pid, 'SIGHUP');
    await eventually(`${logged} is logged`, async () => times() > before);
  };
  return { url: `http://127.0.0.1:${port}`, port, folder: folder.path, program, reload };
}

/** Waits for spans in the file. */
async function spansInFile(folder: string, service: string, wanted: number): Promise<Got[]> {
  let found: Got[] = [];
  await eventually(`${wanted} spans of ${service} have come`, async () => {
    const text = readFileSync(join(folder, 'traces.json'), 'utf8');
    const lines = text.split('\n').slice(0, -1);
    const all = lines.flatMap((line) => {
      return spansIn((JSON.parse(line) as { resourceSpans: ResourceSpans[] }).resourceSpans ?? []);
    });
    found = all.filter(({ resource }) => resource['service.name'] === service);
    return found.length >= wanted;
  });
  return found;
}

for (const [encoding, path] of [
  ['proto', '/api/v1/otel/trace'],
  ['http', '/api/v1/otel/trace/v1/traces'],
  ['proto', '/v1/traces'],
] as const) {
  test(`OpenTelemetry's SDK, ${encoding}, ${path}`, { timeout: 300_000 }, async () => {
    const service = `node-${encoding}${path.replaceAll('/', '-')}`;
    const script = join(senders, 'deepflow-node.cjs');
    const args = [script, encoding, url + path, String(count), service];
    const said = await sentBy(process.execPath, args);
    assert.equal(said.length, count);
    const got = await storedSpans(stored, service, count);
    const byId = new Map(got.map((span) => [span.spanId, span]));
    for (const { n, traceId, spanId } of said) {
      const span = byId.get(spanId)!;
      assert.equal(span.traceId, traceId);
      assert.equal(span.name, `op-${n}`);
      assert.equal(span.kind, 2);
      assert.deepEqual(span.attributes, { n: String(n), text: `größe ${n}` });
      const [{ time, ...event }] = span.events as [Got['events'][0]];
      assert.deepEqual([span.events.length, event], [1, { name: `note ${n}`, attributes: {} }]);
      assert.ok(span.start <= time && time <= span.end);
      const failed = { code: 2, message: `failed ${n}` };
      assert.deepEqual(span.status, n % 2 === 0 ? failed : {});
    }
  });
}

test('neighbours at the port come and go by reload', { timeout: 300_000 }, async (t) => {
  if (!installed('@opentelemetry/exporter-zipkin')) {
    return t.skip("OpenTelemetry's exporter for Zipkin is not installed");
  }
  const { url, folder, reload, program } = await start(t);
  const script = join(senders, 'zipkin-node.cjs');
  const send = async () => {
    const args = [script, 'otel', `${url}/api/v2/spans`, String(count)];
    const said = await sentBy(process.execPath, args);
    return new Map(said.map(({ n, spanId }) => [spanId, n]));
  };
  const first = await send();
  const zipkin = 'parse_string_tags: true';
  await reload({ zipkin }, 'Config updated');
  const second = await send();
  const got = await spansInFile(folder, 'node-otel', 2 * count);
  assert.equal(got.length, 2 * count);
  for (const { spanId, attributes } of got) {
    const n = first.get(spanId) ?? second.get(spanId);
    const { error: _, ...own } = attributes;
    assert.deepEqual(own, { n: String(n), text: `größe ${n}` });
  }
  const text = readFileSync(join(folder, 'traces.json'), 'utf8');
  assert.equal(text.split('"key":"n","value":{"stringValue"').length - 1, count);
  assert.equal(text.split('"key":"n","value":{"intValue"').length - 1, count);

  await reload({ zipkin, more: 'influxdb' }, 'Config not updated');
  const clash =
    /start receiver\/influxdb: .*path \S+ is already served there by receiver\/deepflow/;
  assert.match(program.log, clash);
  await answered(url);
  await reload({ zipkin: 'idle_timeout: 2m' }, 'Config not updated');
  assert.match(
    program.log,
    /start receiver\/zipkin: .*has another idle_timeout: both need the same/,
  );
  await answered(url);
  await reload({ zipkin, common: ', max_request_body_size: 1000' }, 'Config updated');
  await answered(url);
  const large = await fetch(`${url}/api/v2/spans`, { method: 'POST', body: 'x'.repeat(1001) });
  assert.equal(large.status, 413);
});

const json = { 'content-type': 'application/json' };

/** Each of the neighbours answers. */
async function answered(url: string): Promise<void> {
  for (const [path, body] of [
    ['/api/v1/log', '[]'],
    ['/v1/traces', '{}'],
    ['/api/v2/spans', '[]'],
    ['/any/api/v2/spans', '[]'],
  ] as const) {
    const answer = await fetch(url + path, { method: 'POST', body, headers: json });
    assert.ok([200, 202].includes(answer.status), path);
  }
}

test('Telegraf writes lines', { timeout: 300_000 }, async (t) => {
  if (telegraf === '') return t.skip(peerMissing('telegraf'));
  const want = new Map<string, number>();
  const lines: string[] = [];
  for (let i = 0; i < count; i += 1) {
    const time = 1_700_000_000_000_000_000n + BigInt(i) * 1001n;
    lines.push(`room,id=${i} t=${i / 7},n=${i - 5}i ${time}`);
    want.set(pointKey('room_t', { id: String(i) }, time), i / 7);
    want.set(pointKey('room_n', { id: String(i) }, time), i - 5);
  }
  const source = join(stored.folder, 'lines.txt');
  writeFileSync(source, `${lines.join('\n')}\n`);
  const config = join(stored.folder, 'telegraf.conf');
  writeFileSync(
    config,
    `[agent]
  interval = "1s"
  flush_interval = "1s"
  omit_hostname = true
[[inputs.tail]]
  files = ["${source}"]
  from_beginning = true
  data_format = "influx"
  path_tag = ""
[[outputs.http]]
  url = "${url}/api/v1/telegraf"
  data_format = "influx"
  content_encoding = "gzip"
`,
  );
  const child = spawn(telegraf, ['--config', config], { stdio: 'ignore' });
  t.after(() => stopProcess(child));
  assert.deepEqual(valuesOf(await storedPoints(stored, 'room_.*', want.size)), want);
});

test('a Python client of remote write', { timeout: 300_000 }, async (t) => {
  const check = ['-c', 'import prometheus_remote_writer'];
  const has =
    existsSync(python) &&
    (await promisify(execFile)(python, check).then(
      () => true,
      () => false,
    ));
  if (!has) return t.skip('PyPI package prometheus-remote-writer is not in .cache/python');
  const script = join(senders, 'prometheus-clients.py');
  await promisify(execFile)(python, [script, `${url}/api/v1/prometheus`]);
  const want = new Map<string, number>();
  for (let i = 0; i < 1200; i += 1) {
    want.set(pointKey('python_value', { i: String(i) }, 1_700_000_000_000_000_000n), i * 0.5);
    want.set(pointKey('python_value', { i: String(i) }, 1_700_000_015_000_000_000n), i * 0.5 + 1);
  }
  assert.deepEqual(valuesOf(await storedPoints(stored, 'python_value', want.size)), want);
});

/** Asks a server `n` times, four at a time. */
async function ask(port: string, n: number): Promise<void> {
  const agent = new http.Agent({ keepAlive: false, maxSockets: 4 });
  const one = async (i: number): Promise<void> => {
    const request = http.get({ host: '127.0.0.1', port, path: `/leaf?n=${i}`, agent });
    const [response] = (await once(request, 'response')) as [http.IncomingMessage];
    response.resume();
    await once(response, 'end');
  };
  await Promise.all(Array.from({ length: n }, (_, i) => one(i)));
}

test("SkyWalking's agent for Python over HTTP", { timeout: 300_000 }, async (t) => {
  if (!existsSync(join(python, '../sw-python'))) {
    return t.skip('apache-skywalking is not in .cache/python');
  }
  const requests = 350;
  const script = join(senders, 'skywalking-python.py');
  const child = spawn(python, [script, `127.0.0.1:${port}`, 'http', 'stock'], {
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  t.after(() => stopProcess(child, 1000));
  const [line] = (await once(child.stdout, 'data')) as [Buffer];
  await ask(line.toString().trim(), requests);
  // Before its end: then it loses what it has not sent.
  const got = await storedSpans(stored, 'stock', 3 * requests);
  const ended = once(child, 'exit');
  child.stdin.end();
  await ended;
  const traces = Map.groupBy(got, ({ traceId }) => traceId);
  assert.equal(traces.size, requests);
  const seen = new Set<number>();
  for (const spans of traces.values()) {
    const entry = spans.find(({ name }) => name === '/leaf')!;
    const n = Number(/\?n=(\d+)$/.exec(String(entry.attributes['url.full']))?.[1]);
    seen.add(n);
    assert.equal(entry.attributes['http.response.status_code'], n % 10 === 7 ? '500' : '200');
    assert.deepEqual(spans.map(({ name }) => name).sort(), ['/leaf', 'count', 'later']);
    assert.equal(
      spans.find(({ name }) => name === 'count')!.status.code,
      n % 10 === 7 ? 2 : undefined,
    );
  }
  assert.equal(seen.size, requests);
});

/** Vector is in no registry: events as its documentation and DeepFlow's remap have them. */
test('log events as Vector batches them', { timeout: 300_000 }, async () => {
  const events = Array.from({ length: 1200 }, (_, n) => ({
    _df_log_type: 'user',
    kubernetes: { pod_name: `shop-${n % 3}`, pod_namespace: 'default' },
    level: n % 2 === 0 ? 'INFO' : 'WARN',
    message: `größe ${n}`,
    timestamp: new Date(1_700_000_000_000 + n).toISOString(),
  }));
  for (let at = 0; at < events.length; at += 300) {
    const body = JSON.stringify(events.slice(at, at + 300));
    const answer = await fetch(`${url}/api/v1/log`, { method: 'POST', body, headers: json });
    assert.equal(answer.status, 200);
  }
  const sql = `SELECT Body, toString(toUnixTimestamp64Nano(Timestamp)) AS time,
    SeverityNumber AS severity, ResourceAttributes AS resource FROM otel_logs
    WHERE startsWith(Body, 'größe ')`;
  const got = await stored.whole<{ Body: string }>('records', sql, events.length);
  assert.equal(got.length, events.length);
  const byBody = new Map(got.map(({ Body, ...row }) => [Body, row]));
  for (const [n, { message }] of events.entries()) {
    assert.deepEqual(byBody.get(message), {
      time: `${String(1_700_000_000_000 + n)}000000`,
      severity: n % 2 === 0 ? 9 : 13,
      resource: { 'k8s.pod.name': `shop-${n % 3}`, 'k8s.namespace.name': 'default' },
    });
  }
});
