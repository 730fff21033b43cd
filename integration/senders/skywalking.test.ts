/**
 * Unmodified agents of SkyWalking for Node.js and Python, with OpenTelemetry's SDK between them:
 * one trace a request, every span of it there, with the values that the applications gave.
 */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import http from 'node:http';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { freePorts } from '../../testing/ports.ts';
import { stopProcess } from '../../testing/process.ts';
import { eventually } from '../lib/all-in-one.ts';
import { Program, scratch } from '../lib/program.ts';

const root = join(import.meta.dirname, '../..');
const python = join(root, '.cache/python/bin/python');
const agentForPython = join(root, '.cache/python/bin/sw-python');
const requests = 520;

/** A server of this folder; its input ends it. */
interface App {
  readonly port: string;
  end(): Promise<void>;
}

async function startApp(t: TestContext, command: string, args: readonly string[]): Promise<App> {
  const child: ChildProcess = spawn(command, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  t.after(() => stopProcess(child, 1000));
  const [chunk] = (await once(child.stdout!, 'data')) as [Buffer];
  child.stdout!.resume();
  return {
    port: chunk.toString().trim(),
    async end() {
      const ended = once(child, 'exit');
      child.stdin!.end();
      await ended;
    },
  };
}

const file = (name: string): string => join(import.meta.dirname, name);

function get(port: string, path: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const call = http.get(`http://127.0.0.1:${port}${path}`, (answer) => {
      answer.resume();
      answer.on('end', () => resolve(answer.statusCode ?? 0));
    });
    call.on('error', reject);
  });
}

/** Asks for `n` of 0 to `requests` - 1, eight at a time. */
async function ask(port: string, path: string): Promise<void> {
  let n = 0;
  const worker = async (): Promise<void> => {
    while (n < requests) {
      const mine = n;
      n += 1;
      assert.equal(await get(port, `${path}?n=${mine}`), mine % 10 === 7 ? 500 : 200);
    }
  };
  await Promise.all(Array.from({ length: 8 }, worker));
}

type Json = Record<string, unknown>;

interface Attribute {
  readonly key: string;
  readonly value: Json;
}

interface Span {
  readonly service: string;
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId: string;
  readonly name: string;
  readonly kind: number;
  readonly attributes: Json;
  readonly status: { code?: number; message?: string };
  readonly events: { name: string; attributes: Attribute[] }[];
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
}

const plain = (attributes: readonly Attribute[] = []): Json =>
  Object.fromEntries(
    attributes.map(({ key, value }) => {
      const [kind, inner] = Object.entries(value)[0] ?? ['', null];
      return [key, kind === 'intValue' ? Number(inner) : inner];
    }),
  );

interface Group {
  readonly resource: { readonly attributes: Attribute[] };
  readonly [list: string]: unknown;
}

/** Items of a file with the service that they are of. */
function read(path: string, outer: string, middle: string, inner: string): Json[] {
  return readFileSync(path, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .flatMap((line) => (JSON.parse(line) as Record<string, Group[]>)[outer] ?? [])
    .flatMap((group) => {
      const service = plain(group.resource.attributes)['service.name'];
      return (group[middle] as Record<string, (Json & { attributes?: Attribute[] })[]>[])
        .flatMap((scope) => scope[inner] ?? [])
        .map((item) => ({ ...item, attributes: plain(item.attributes), service }));
    });
}

function spansOf(folder: string): Span[] {
  return read(join(folder, 'traces'), 'resourceSpans', 'scopeSpans', 'spans').map((span) => {
    return { parentSpanId: '', status: {}, events: [], ...span } as unknown as Span;
  });
}

async function startProgram(t: TestContext, folder: string) {
  const [grpc, web, otlp, metrics = 0] = await freePorts(4);
  const config = `receivers:
  skywalking:
    protocols: {grpc: {endpoint: "127.0.0.1:${grpc}"}, http: {endpoint: "127.0.0.1:${web}"}}
  otlp: {protocols: {http: {endpoint: "127.0.0.1:${otlp}"}}}
exporters:
  file/traces: {path: "${folder}/traces"}
  file/metrics: {path: "${folder}/metrics"}
  file/logs: {path: "${folder}/logs"}
service:
  telemetry:
    metrics: {readers: [{pull: {exporter: {prometheus: {host: 127.0.0.1, port: ${metrics}}}}}]}
  pipelines:
    traces: {receivers: [skywalking, otlp], exporters: [file/traces]}
    metrics: {receivers: [skywalking], exporters: [file/metrics]}
    logs: {receivers: [skywalking], exporters: [file/logs]}
`;
  const program = await Program.startWith(config, folder, { metricsPort: metrics });
  t.after(() => program.stop());
  return {
    program,
    grpc: `127.0.0.1:${grpc}`,
    web: `127.0.0.1:${web}`,
    otlp: `http://127.0.0.1:${otlp}`,
  };
}

/** The one span of a list. */
function only(spans: readonly Span[], test: (span: Span) => boolean, what: string): Span {
  const found = spans.filter(test);
  assert.equal(found.length, 1, `${found.length} of: ${what}`);
  return found[0]!;
}

/** The spans of the Python server for request `n`, below `parent` where it has one. */
function checkStock(spans: readonly Span[], n: number, parent: string): void {
  const url = (span: Span): boolean => String(span.attributes['url.full']).endsWith(`?n=${n}`);
  const failed = n % 10 === 7;
  const entry = only(spans, (s) => s.service === 'stock' && s.kind === 2 && url(s), `entry ${n}`);
  assert.equal(entry.parentSpanId, parent);
  assert.equal(entry.name, '/leaf');
  assert.equal(entry.attributes['http.request.method'], 'GET');
  assert.equal(entry.attributes['http.response.status_code'], failed ? 500 : 200);
  assert.equal(entry.attributes['sw8.component'], 'Python');
  const mine = spans.filter((span) => span.traceId === entry.traceId);
  const count = only(mine, (span) => span.name === 'count', `count ${n}`);
  assert.equal(count.parentSpanId, entry.spanId);
  assert.equal(count.kind, 1);
  assert.equal(count.status.code, failed ? 2 : undefined);
  assert.equal(count.status.message, failed ? `ValueError: none left of ${n}` : undefined);
  assert.equal(count.events.length, failed ? 1 : 0);
  const later = only(mine, (span) => span.name === 'later', `later ${n}`);
  assert.equal(later.parentSpanId, entry.spanId);
  assert.ok(BigInt(entry.startTimeUnixNano) <= BigInt(count.startTimeUnixNano));
  assert.ok(BigInt(count.endTimeUnixNano) <= BigInt(entry.endTimeUnixNano));
}

/** One request through all three servers. */
function checkTrace(spans: readonly Span[], shop: string, n: number): void {
  const full = `http://127.0.0.1:${shop}/order?n=${n}`;
  const entry = only(spans, (span) => span.attributes['url.full'] === full, `order ${n}`);
  const mine = spans.filter((span) => span.traceId === entry.traceId);
  assert.equal(mine.length, 7);
  assert.equal(entry.parentSpanId, '');
  assert.equal(entry.name, 'GET:/order');
  assert.equal(entry.service, 'shop');
  assert.equal(entry.attributes['sw8.trace_id'], entry.traceId);
  assert.equal(entry.attributes['http.response.status_code'], n % 10 === 7 ? 500 : 200);
  const exit = only(mine, (span) => span.service === 'shop' && span.kind === 3, `exit ${n}`);
  assert.equal(exit.parentSpanId, entry.spanId);
  assert.equal(exit.attributes['server.address'], '127.0.0.1');
  const step = only(mine, (span) => span.name === 'GET /step', `step ${n}`);
  assert.equal(step.parentSpanId, exit.spanId);
  assert.equal(step.service, 'cart');
  const call = only(mine, (span) => span.name === 'ask', `ask ${n}`);
  assert.equal(call.parentSpanId, step.spanId);
  assert.equal(call.attributes['url.path'], `/leaf?n=${n}`);
  checkStock(mine, n, call.spanId);
}

test('Node.js, an OpenTelemetry SDK, Python: one trace', { timeout: 180_000 }, async (t) => {
  if (!existsSync(agentForPython)) return t.skip('apache-skywalking is not in .cache/python');
  const folder = scratch();
  t.after(() => folder.remove());
  const at = await startProgram(t, folder.path);
  const stock = await startApp(t, python, [file('skywalking-python.py'), at.grpc, 'grpc']);
  const node = process.execPath;
  const otel = [file('skywalking-otel.ts'), at.otlp, `127.0.0.1:${stock.port}`];
  const cart = await startApp(t, node, otel);
  const agent = [file('skywalking-node.cjs'), at.grpc, `127.0.0.1:${cart.port}`];
  const shop = await startApp(t, node, agent);
  await ask(shop.port, '/order');
  await shop.end();
  await cart.end();
  await eventually('meters have come', async () => {
    return (await at.program.metric('otelcol_receiver_accepted_metric_points')) > 0;
  });
  await stock.end();
  assert.equal(await at.program.metric('otelcol_receiver_refused_spans'), 0);
  await at.program.stop();

  const spans = spansOf(folder.path);
  const of = (service: string): number => spans.filter((s) => s.service === service).length;
  assert.deepEqual(
    [of('shop'), of('cart'), of('stock')],
    [2, 2, 3].map((each) => each * requests),
  );
  const traces = Map.groupBy(spans, (span) => span.traceId);
  assert.equal(traces.size, requests);
  for (const mine of traces.values()) {
    const entry = only(mine, (span) => span.name === 'GET:/order', 'order');
    const n = Number(/n=(\d+)$/.exec(String(entry.attributes['url.full']))?.[1]);
    checkTrace(mine, shop.port, n);
  }
  const asked = new Set(
    [...traces.values()].map(
      (mine) => only(mine, (s) => s.name === 'ask', 'ask').attributes['url.path'],
    ),
  );
  assert.equal(asked.size, requests);

  await t.test('logs of the Python agent are of its spans', () => {
    const records = read(join(folder.path, 'logs'), 'resourceLogs', 'scopeLogs', 'logRecords');
    const logs = records.filter(({ eventName }) => eventName === undefined);
    assert.equal(logs.length, requests);
    for (const { traceId, spanId, body, severityText } of logs) {
      const text = (body as { stringValue: string }).stringValue;
      const n = Number(/asked for (\d+)/.exec(text)?.[1]);
      const span = spans.find((s) => s.spanId === spanId);
      assert.equal(span?.traceId, traceId);
      assert.ok(String(span?.attributes['url.full']).endsWith(`?n=${n}`));
      assert.equal(severityText, 'INFO');
    }
  });

  await t.test('meters of the Python agent', () => {
    const path = join(folder.path, 'metrics');
    const metrics = read(path, 'resourceMetrics', 'scopeMetrics', 'metrics');
    const names = new Set(metrics.map(({ name }) => name));
    assert.ok(names.has('instance_pvm_process_cpu_utilization'), [...names].join(' '));
    assert.ok(metrics.every(({ service }) => service === 'stock'));
  });
});

test('the Python agent over HTTP', { timeout: 180_000 }, async (t) => {
  if (!existsSync(agentForPython)) return t.skip('apache-skywalking is not in .cache/python');
  const folder = scratch();
  t.after(() => folder.remove());
  const at = await startProgram(t, folder.path);
  const stock = await startApp(t, python, [file('skywalking-python.py'), at.web, 'http']);
  await ask(stock.port, '/leaf');
  await stock.end();
  await at.program.stop();
  const spans = spansOf(folder.path);
  assert.equal(spans.length, 3 * requests);
  for (const mine of Map.groupBy(spans, (span) => span.traceId).values()) {
    const entry = only(mine, (span) => span.kind === 2, 'entry');
    checkStock(mine, Number(/n=(\d+)$/.exec(String(entry.attributes['url.full']))?.[1]), '');
  }
  const records = read(join(folder.path, 'logs'), 'resourceLogs', 'scopeLogs', 'logRecords');
  assert.equal(records.filter(({ eventName }) => eventName === undefined).length, requests);
});
