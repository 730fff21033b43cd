/**
 * Unmodified agents of SkyWalking for Node.js and Python, with OpenTelemetry's SDK between them:
 * one trace a request in the store, every span of it there, with the values that the applications
 * gave.
 */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import http from 'node:http';
import { join } from 'node:path';
import { after, before, type TestContext, test } from 'node:test';
import { freePorts } from '../../testing/ports.ts';
import { stopProcess } from '../../testing/process.ts';
import { eventually } from '../lib/all-in-one.ts';
import { type Stored, startStored } from '../lib/stored.ts';
import { storedPoints } from '../lib/stored-points.ts';
import { type Got, storedSpans } from '../lib/stored-spans.ts';
import { python, senders } from './said.ts';

const agentForPython = join(python, '../sw-python');
const requests = 520;

let stored: Stored;
/** host:port of the protocols of receiver skywalking, and the base of OTLP over HTTP. */
let at: { readonly grpc: string; readonly web: string; readonly otlp: string };

before(async () => {
  const [grpc, web, otlp] = (await freePorts(3)).map((port) => `127.0.0.1:${port}`);
  at = { grpc: grpc!, web: web!, otlp: `http://${otlp}` };
  const protocols = `grpc: {endpoint: "${grpc}"}, http: {endpoint: "${web}"}`;
  stored = await startStored({
    skywalking: {
      config: `{protocols: {${protocols}}}`,
      signals: ['traces', 'metrics', 'logs'],
    },
    otlp: { config: `{protocols: {http: {endpoint: "${otlp}"}}}`, signals: ['traces'] },
  });
});

after(() => stored?.stop());

/** A server of this folder; its input ends it. That of Python loses what it has not sent. */
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

const file = (name: string): string => join(senders, name);

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

/** A span with the service that it is of; numbers are numbers. */
interface Span extends Got {
  readonly service: string;
}

/** Spans of services, each of which has `count` a request. */
async function spansOf(services: Readonly<Record<string, number>>): Promise<Span[]> {
  const all: Span[] = [];
  for (const [service, count] of Object.entries(services)) {
    const found = await storedSpans(stored, service, count * requests);
    all.push(...found.map((span) => ({ ...span, service })));
  }
  return all;
}

interface LogRow {
  readonly TraceId: string;
  readonly SpanId: string;
  readonly Body: string;
  readonly SeverityText: string;
  readonly SeverityNumber: number;
}

/** Log records of a service that are no events. */
async function logsOf(service: string): Promise<LogRow[]> {
  const sql = `SELECT TraceId, SpanId, Body, SeverityText, SeverityNumber FROM otel_logs
    WHERE ServiceName = '${service}' AND EventName = ''`;
  const rows = await stored.whole<LogRow>(`logs of ${service}`, sql, requests);
  assert.equal(rows.length, requests);
  return rows;
}

/** Each request has a record, of its own entry span. */
function checkLogs(rows: readonly LogRow[], spans: readonly Span[]): void {
  const byId = new Map(spans.map((span) => [span.spanId, span]));
  const seen = new Set<number>();
  for (const { TraceId, SpanId, Body, SeverityText, SeverityNumber } of rows) {
    const n = Number(/asked for (\d+)/.exec(Body)?.[1]);
    seen.add(n);
    const span = byId.get(SpanId);
    assert.equal(span?.traceId, TraceId);
    assert.ok(String(span?.attributes['url.full']).endsWith(`?n=${n}`));
    assert.deepEqual([SeverityText, SeverityNumber], ['INFO', 9]);
  }
  assert.equal(seen.size, requests);
}

/** The one span of a list. */
function only(spans: readonly Span[], test: (span: Span) => boolean, what: string): Span {
  const found = spans.filter(test);
  assert.equal(found.length, 1, `${found.length} of: ${what}`);
  return found[0]!;
}

/** The spans of the Python server for request `n`, below `parent` where it has one. */
function checkStock(spans: readonly Span[], n: number, parent: string, service = 'stock'): void {
  const url = (span: Span): boolean => String(span.attributes['url.full']).endsWith(`?n=${n}`);
  const failed = n % 10 === 7;
  const entry = only(spans, (s) => s.service === service && s.kind === 2 && url(s), `entry ${n}`);
  assert.equal(entry.parentSpanId, parent);
  assert.equal(entry.name, '/leaf');
  assert.equal(entry.attributes['http.request.method'], 'GET');
  assert.equal(entry.attributes['http.response.status_code'], failed ? '500' : '200');
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
  assert.ok(BigInt(entry.start) <= BigInt(count.start));
  assert.ok(BigInt(count.end) <= BigInt(entry.end));
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
  assert.equal(entry.attributes['http.response.status_code'], n % 10 === 7 ? '500' : '200');
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

test('Node.js, an OpenTelemetry SDK, Python: one trace', { timeout: 300_000 }, async (t) => {
  if (!existsSync(agentForPython)) return t.skip('apache-skywalking is not in .cache/python');
  const stock = await startApp(t, python, [file('skywalking-python.py'), at.grpc, 'grpc', 'stock']);
  const node = process.execPath;
  const otel = [file('skywalking-otel.ts'), at.otlp, `127.0.0.1:${stock.port}`];
  const cart = await startApp(t, node, otel);
  const agent = [file('skywalking-node.cjs'), at.grpc, `127.0.0.1:${cart.port}`];
  const shop = await startApp(t, node, agent);
  await ask(shop.port, '/order');
  await shop.end();
  await cart.end();
  await eventually('meters have come', async () => {
    return (await stored.program.metric('otelcol_receiver_accepted_metric_points')) > 0;
  });
  const spans = await spansOf({ shop: 2, cart: 2, stock: 3 });
  const logs = await logsOf('stock');
  await stock.end();
  assert.equal(await stored.program.metric('otelcol_receiver_refused_spans'), 0);

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
    checkLogs(logs, spans);
  });

  await t.test('meters of the Python agent', async () => {
    await stored.settled();
    const meters = await storedPoints(stored, 'instance_pvm_.*', 1);
    const names = new Set(meters.map(({ name }) => name));
    assert.ok(names.has('instance_pvm_process_cpu_utilization'), [...names].join(' '));
    assert.ok(meters.every(({ resource }) => resource['service.name'] === 'stock'));
  });
});

test('the Python agent over HTTP', { timeout: 300_000 }, async (t) => {
  if (!existsSync(agentForPython)) return t.skip('apache-skywalking is not in .cache/python');
  const service = 'stock-http';
  const args = [file('skywalking-python.py'), at.web, 'http', service];
  const stock = await startApp(t, python, args);
  await ask(stock.port, '/leaf');
  const spans = await spansOf({ [service]: 3 });
  const logs = await logsOf(service);
  await stock.end();
  const traces = Map.groupBy(spans, (span) => span.traceId);
  assert.equal(traces.size, requests);
  for (const mine of traces.values()) {
    const entry = only(mine, (span) => span.kind === 2, 'entry');
    const n = Number(/n=(\d+)$/.exec(String(entry.attributes['url.full']))?.[1]);
    checkStock(mine, n, '', service);
  }
  checkLogs(logs, spans);
});
