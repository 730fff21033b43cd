/**
 * Unmodified clients that point at the paths of a DeepFlow agent, on a port that receiver deepflow
 * shares with others: what they sent is found again, value by value, also after a reload.
 */
import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { promisify } from 'node:util';
import { freePort } from '../../testing/ports.ts';
import { stopProcess } from '../../testing/process.ts';
import { eventually } from '../lib/all-in-one.ts';
import { Program, scratch } from '../lib/program.ts';
import { pointKey, waitForPoints } from './metric-points.ts';
import { type Got, installed, python, readSpans, senders, sentBy } from './zipkin-jaeger.ts';

const count = 1000;
const telegraf = join(process.env.PEERS_DIR ?? '', 'bin/telegraf');

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
  const file = (name: string) => `{path: "${folder}/${name}.json", flush_interval: 50ms}`;
  return `receivers:
  deepflow: {${endpoint}}
  otlp: {protocols: {http: {${endpoint}, read_timeout: 0, idle_timeout: 1m}}}
  zipkin: {${endpoint}, ${zipkin}}
${more === '' ? '' : `  ${more}: {${endpoint}}\n`}exporters:
  file/traces: ${file('traces')}
  file/metrics: ${file('metrics')}
  file/logs: ${file('logs')}
service:
  telemetry: {metrics: {level: none}}
  pipelines:
    traces: {receivers: [deepflow, otlp, zipkin], exporters: [file/traces]}
    metrics: {receivers: [deepflow${more === '' ? '' : `, ${more}`}], exporters: [file/metrics]}
    logs: {receivers: [deepflow], exporters: [file/logs]}
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

async function spansOf(folder: string, service: string, wanted: number): Promise<Got[]> {
  let found: Got[] = [];
  await eventually(`${wanted} spans of ${service} have come`, async () => {
    const all = [...readSpans(join(folder, 'traces.json')).values()];
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
  test(`OpenTelemetry's SDK, ${encoding}, ${path}`, { timeout: 120_000 }, async (t) => {
    const { url, folder } = await start(t);
    const args = [join(senders, 'deepflow-node.cjs'), encoding, url + path, String(count)];
    const said = await sentBy(process.execPath, args);
    assert.equal(said.length, count);
    const got = await spansOf(folder, `node-${encoding}`, count);
    assert.equal(got.length, count);
    const byId = new Map(got.map((span) => [span.spanId, span]));
    for (const { n, traceId, spanId } of said) {
      const span = byId.get(spanId)!;
      assert.equal(span.traceId, traceId);
      assert.equal(span.name, `op-${n}`);
      assert.equal(span.kind, 2);
      assert.deepEqual(span.attributes, { n: String(n), text: `größe ${n}` });
      assert.deepEqual(span.events, [{ name: `note ${n}`, attributes: {} }]);
      const failed = { code: 2, message: `failed ${n}` };
      assert.deepEqual(span.status, n % 2 === 0 ? failed : { code: 0 });
    }
  });
}

test('neighbours at the port come and go by reload', { timeout: 120_000 }, async (t) => {
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
  const got = await spansOf(folder, 'otel-shop', 2 * count);
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

test('Telegraf writes lines', { timeout: 120_000 }, async (t) => {
  if (!existsSync(telegraf)) return t.skip('PEERS_DIR holds no telegraf');
  const { url, folder } = await start(t);
  const want = new Map<string, string | number>();
  const lines: string[] = [];
  for (let i = 0; i < count; i += 1) {
    const time = 1_700_000_000_000_000_000n + BigInt(i) * 1001n;
    lines.push(`room,id=${i} t=${i / 7},n=${i - 5}i ${time}`);
    want.set(pointKey('room_t', { id: String(i) }, time), i / 7);
    want.set(pointKey('room_n', { id: String(i) }, time), String(i - 5));
  }
  const source = join(folder, 'lines.txt');
  writeFileSync(source, `${lines.join('\n')}\n`);
  const config = join(folder, 'telegraf.conf');
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
  assert.deepEqual(await waitForPoints(join(folder, 'metrics.json'), want.size, true), want);
});

test('a Python client of remote write', { timeout: 120_000 }, async (t) => {
  const { url, folder } = await start(t);
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
  assert.deepEqual(await waitForPoints(join(folder, 'metrics.json'), want.size, true), want);
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

test("SkyWalking's agent for Python over HTTP", { timeout: 180_000 }, async (t) => {
  if (!existsSync(join(python, '../sw-python'))) {
    return t.skip('apache-skywalking is not in .cache/python');
  }
  const { port, folder } = await start(t);
  const requests = 350;
  const script = join(senders, 'skywalking-python.py');
  const child = spawn(python, [script, `127.0.0.1:${port}`, 'http'], {
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  t.after(() => stopProcess(child, 1000));
  const [line] = (await once(child.stdout, 'data')) as [Buffer];
  await ask(line.toString().trim(), requests);
  child.stdin.end();
  await once(child, 'exit');
  const got = await spansOf(folder, 'stock', 3 * requests);
  assert.equal(got.length, 3 * requests);
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
test('log events as Vector batches them', { timeout: 120_000 }, async (t) => {
  const { url, folder } = await start(t);
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
  const file = join(folder, 'logs.json');
  const got = new Map<string, unknown>();
  await eventually('all records have come', async () => {
    if (!existsSync(file)) return false;
    const text = readFileSync(file, 'utf8');
    got.clear();
    for (const line of text.slice(0, text.lastIndexOf('\n') + 1).split('\n')) {
      if (line === '') continue;
      for (const { resource, scopeLogs } of JSON.parse(line).resourceLogs) {
        for (const { timeUnixNano, severityNumber, body } of scopeLogs[0].logRecords) {
          const pod = JSON.stringify(resource.attributes[0].value);
          got.set(body.stringValue, { timeUnixNano, severityNumber, pod });
        }
      }
    }
    return got.size >= events.length;
  });
  for (const [n, { message }] of events.entries()) {
    assert.deepEqual(got.get(message), {
      timeUnixNano: `${String(1_700_000_000_000 + n)}000000`,
      severityNumber: n % 2 === 0 ? 9 : 13,
      pod: JSON.stringify({ stringValue: `shop-${n % 3}` }),
    });
  }
});
