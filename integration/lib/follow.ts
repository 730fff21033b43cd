/** Spans that an SDK says it sent, against what both Jaeger APIs give back. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { eventually } from './all-in-one.ts';

/** What an application prints of each span that it sends. */
export interface Sent {
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

/** Standard output of a program that must succeed. */
export function output(
  command: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv = {},
): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      stdio: ['ignore', 'pipe', 'inherit'],
      env: { ...process.env, ...env },
    });
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

/**
 * Waits until the spans in `text` (one JSON line each) are stored and compares every field.
 * @param jaeger base of the query API
 */
export async function follow(jaeger: string, text: string): Promise<void> {
  const sent = text
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as Sent);
  assert.equal(sent.length, 10);
  const order = (a: Sent, b: Sent): number => (a.spanId < b.spanId ? -1 : 1);
  for (const traceId of new Set(sent.map((span) => span.traceId))) {
    const mine = sent.filter((span) => span.traceId === traceId).sort(order);
    await eventually(`trace ${traceId} is stored`, async () => {
      return (await v3Spans(jaeger, traceId)).length === mine.length;
    });
    assert.deepEqual((await v3Spans(jaeger, traceId)).sort(order), mine);
    for (const span of mine) await compareV1(jaeger, span);
  }
}
