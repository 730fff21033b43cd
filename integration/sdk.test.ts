/** Unmodified SDKs send, both Jaeger APIs give back the same spans. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { type AllInOne, eventually, startAllInOne } from './lib/all-in-one.ts';
import { scratch } from './lib/program.ts';

const root = join(import.meta.dirname, '..');
const python = join(root, '.cache/python/bin/python');

interface Sent {
  traceId: string;
  spanId: string;
  parentSpanId: string;
  name: string;
  kind: number;
  start: string;
  end: string;
  attributes: Record<string, unknown>;
  events: { time: string; name: string; attributes: Record<string, unknown> }[];
  links: { traceId: string; spanId: string; attributes: Record<string, unknown> }[];
  statusCode: number;
  statusMessage: string;
  service: string;
}

function output(command: string, args: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    let text = '';
    child.stdout.on('data', (chunk: Buffer) => {
      text += chunk.toString();
    });
    child.on('error', reject);
    child.on('exit', (code) => {
      if (code === 0) resolve(text);
      else reject(new Error(`${command} ended with ${code}`));
    });
  });
}

interface V3KeyValue {
  key: string;
  value: unknown;
}

interface V3Span {
  traceId: string;
  spanId: string;
  parentSpanId?: string;
  name: string;
  kind?: number;
  startTimeUnixNano: string;
  endTimeUnixNano: string;
  attributes?: V3KeyValue[];
  events?: { timeUnixNano: string; name: string; attributes?: V3KeyValue[] }[];
  links?: { traceId: string; spanId: string; attributes?: V3KeyValue[] }[];
  status?: { code?: number; message?: string };
}

const byKey = (list: V3KeyValue[] = []): Record<string, unknown> =>
  Object.fromEntries(list.map(({ key, value }) => [key, value]));

async function v3Spans(base: string, traceId: string): Promise<Sent[]> {
  const response = await fetch(`${base}/api/v3/traces/${traceId}?rawTraces=true`);
  if (!response.ok) return [];
  const { result } = (await response.json()) as {
    result: {
      resourceSpans: {
        resource: { attributes: V3KeyValue[] };
        scopeSpans: { scope: { name: string; version: string }; spans: V3Span[] }[];
      }[];
    };
  };
  return result.resourceSpans.flatMap(({ resource, scopeSpans }) =>
    scopeSpans.flatMap(({ scope, spans }) => {
      assert.deepEqual([scope.name, scope.version], ['app', '1.2.3']);
      const name = byKey(resource.attributes)['service.name'] as { stringValue: string };
      return spans.map((span) => sentOf(span, name.stringValue));
    }),
  );
}

function sentOf(span: V3Span, service: string): Sent {
  return {
    traceId: span.traceId,
    spanId: span.spanId,
    parentSpanId: span.parentSpanId ?? '',
    name: span.name,
    kind: span.kind ?? 0,
    start: span.startTimeUnixNano,
    end: span.endTimeUnixNano,
    attributes: byKey(span.attributes),
    events: (span.events ?? []).map((e) => ({
      time: e.timeUnixNano,
      name: e.name,
      attributes: byKey(e.attributes),
    })),
    links: (span.links ?? []).map((l) => ({
      traceId: l.traceId,
      spanId: l.spanId,
      attributes: byKey(l.attributes),
    })),
    statusCode: span.status?.code ?? 0,
    statusMessage: span.status?.message ?? '',
    service,
  };
}

interface V1Tag {
  key: string;
  type: string;
  value: unknown;
}

function expectedTag(key: string, value: unknown): V1Tag {
  const v = value as Record<string, unknown>;
  if ('boolValue' in v) return { key, type: 'bool', value: v.boolValue };
  if ('doubleValue' in v) return { key, type: 'float64', value: v.doubleValue };
  if ('stringValue' in v) return { key, type: 'string', value: v.stringValue };
  if ('intValue' in v) {
    const n = Number(v.intValue);
    return { key, type: 'int64', value: Number.isSafeInteger(n) ? n : v.intValue };
  }
  const { values } = v.arrayValue as { values: Record<string, unknown>[] };
  const plain = values.map((item) => {
    const [only] = Object.entries(item);
    return only?.[0] === 'intValue' ? Number(only[1]) : only?.[1];
  });
  return { key, type: 'string', value: JSON.stringify(plain) };
}

async function compareV1(base: string, sent: Sent): Promise<void> {
  const response = await fetch(`${base}/api/traces/${sent.traceId}?raw=true`);
  const { data } = (await response.json()) as {
    data: [
      { spans: Record<string, unknown>[]; processes: Record<string, { serviceName: string }> },
    ];
  };
  const span = data[0].spans.find((s) => s.spanID === sent.spanId);
  assert.ok(span !== undefined, `v1 lacks span ${sent.spanId}`);
  const us = (ns: string): number => Number(BigInt(ns) / 1000n);
  assert.equal(span.operationName, sent.name);
  assert.equal(span.startTime, us(sent.start));
  assert.equal(span.duration, Number((BigInt(sent.end) - BigInt(sent.start)) / 1000n));
  assert.equal(data[0].processes[String(span.processID)]?.serviceName, sent.service);
  const tags = new Map((span.tags as V1Tag[]).map((tag) => [tag.key, tag]));
  for (const [key, value] of Object.entries(sent.attributes)) {
    assert.deepEqual(tags.get(key), expectedTag(key, value));
  }
  const kinds = ['', 'internal', 'server', 'client', 'producer', 'consumer'];
  assert.equal(tags.get('span.kind')?.value, kinds[sent.kind]);
  assert.equal(tags.get('otel.status_code')?.value, [undefined, 'OK', 'ERROR'][sent.statusCode]);
  assert.equal(tags.get('otel.status_description')?.value ?? '', sent.statusMessage);
  const references = (span.references as { refType: string; spanID: string }[]).map(
    (r) => `${r.refType} ${r.spanID}`,
  );
  const parent = sent.parentSpanId === '' ? [] : [`CHILD_OF ${sent.parentSpanId}`];
  const links = sent.links.map((l) => `FOLLOWS_FROM ${l.spanId}`);
  assert.deepEqual(references, [...parent, ...links]);
  const logs = span.logs as { timestamp: number; fields: V1Tag[] }[];
  assert.deepEqual(
    logs.map((l) => [l.timestamp, l.fields.find((f) => f.key === 'event')?.value]),
    sent.events.map((e) => [us(e.time), e.name]),
  );
}

async function follow(program: AllInOne, text: string): Promise<void> {
  const sent = text
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as Sent);
  assert.equal(sent.length, 10);
  const order = (a: Sent, b: Sent): number => (a.spanId < b.spanId ? -1 : 1);
  for (const traceId of new Set(sent.map((span) => span.traceId))) {
    const mine = sent.filter((span) => span.traceId === traceId).sort(order);
    await eventually(`trace ${traceId} is stored`, async () => {
      return (await v3Spans(program.jaeger, traceId)).length === mine.length;
    });
    assert.deepEqual((await v3Spans(program.jaeger, traceId)).sort(order), mine);
    for (const span of mine) await compareV1(program.jaeger, span);
  }
}

async function start(t: TestContext): Promise<AllInOne> {
  const folder = scratch();
  t.after(() => folder.remove());
  const program = await startAllInOne(folder.path);
  t.after(() => program.stop());
  return program;
}

test('spans of the Node SDK come back equal', { timeout: 120_000 }, async (t) => {
  const program = await start(t);
  const app = join(root, 'integration/apps/app.ts');
  const grpc = `http://${program.otlpGrpc}`;
  await t.test('gRPC', async () => {
    await follow(program, await output(process.execPath, [app, 'grpc', grpc]));
  });
  await t.test('HTTP, protobuf', async () => {
    await follow(program, await output(process.execPath, [app, 'proto', program.otlpHttp]));
  });
  await t.test('HTTP, JSON', async () => {
    await follow(program, await output(process.execPath, [app, 'json', program.otlpHttp]));
  });
  assert.deepEqual(await program.program.unbalanced(), []);
});

test('spans of the Python SDK come back equal', { timeout: 120_000 }, async (t) => {
  if (!existsSync(python)) return t.skip('the Python SDK is not installed (.cache/python)');
  const program = await start(t);
  const app = join(root, 'integration/apps/app.py');
  await t.test('gRPC', async () => {
    await follow(program, await output(python, [app, 'grpc', program.otlpGrpc]));
  });
  await t.test('HTTP, protobuf', async () => {
    await follow(program, await output(python, [app, 'http', program.otlpHttp]));
  });
  assert.deepEqual(await program.program.unbalanced(), []);
});
