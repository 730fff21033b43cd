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
  resource: Record<string, unknown>;
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
      return spans.map((span) => sentOf(span, byKey(resource.attributes)));
    }),
  );
}

function sentOf(span: V3Span, resource: Record<string, unknown>): Sent {
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
    resource,
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
  return { key, type: 'string', value: textOf(value) };
}

/** A value as it is written where there are only texts: lists as JSON. */
function textOf(value: unknown): string {
  const v = value as Record<string, unknown>;
  if (!('arrayValue' in v)) return String(Object.values(v)[0]);
  const { values } = v.arrayValue as { values: Record<string, unknown>[] };
  const items = values.map((item) => {
    return 'stringValue' in item ? JSON.stringify(item.stringValue) : textOf(item);
  });
  return `[${items.join(',')}]`;
}

function tagsOf(attributes: Record<string, unknown>): V1Tag[] {
  return Object.entries(attributes).map(([key, value]) => expectedTag(key, value));
}

interface V1Trace {
  readonly traceID: string;
  readonly spans: readonly V1Span[];
  readonly processes: Record<string, { readonly serviceName: string; readonly tags: V1Tag[] }>;
}

interface V1Span {
  readonly traceID: string;
  readonly spanID: string;
  readonly operationName: string;
  readonly startTime: number;
  readonly duration: number;
  readonly processID: string;
  readonly tags: readonly V1Tag[];
  readonly references: unknown;
  readonly logs: readonly { readonly timestamp: number; readonly fields: readonly V1Tag[] }[];
}

const byTagKey = (tags: readonly V1Tag[]): V1Tag[] =>
  tags.toSorted((a, b) => (a.key < b.key ? -1 : 1));

const kinds = ['', 'internal', 'server', 'client', 'producer', 'consumer'];

/** The tags of a span, those that stand for its other fields included. */
function spanTags(sent: Sent): V1Tag[] {
  const text = (key: string, value: string | undefined): V1Tag[] =>
    value ? [{ key, type: 'string', value }] : [];
  return [
    ...tagsOf(sent.attributes),
    ...text('otel.scope.name', 'app'),
    ...text('otel.scope.version', '1.2.3'),
    ...text('span.kind', kinds[sent.kind]),
    ...text('otel.status_code', [undefined, 'OK', 'ERROR'][sent.statusCode]),
    ...text('otel.status_description', sent.statusMessage),
    ...(sent.statusCode === 2 ? [{ key: 'error', type: 'bool', value: true }] : []),
  ];
}

async function compareV1(base: string, sent: Sent): Promise<void> {
  const { traceId } = sent;
  const response = await fetch(`${base}/api/traces/${traceId}?raw=true`);
  const { data } = (await response.json()) as { data: [V1Trace] };
  const [trace, ...others] = data;
  assert.deepEqual([trace.traceID, others], [traceId, []]);
  const spans = trace.spans.filter((span) => span.spanID === sent.spanId);
  assert.equal(spans.length, 1, `v1 has ${spans.length} spans ${sent.spanId}`);
  const us = (ns: string): number => Number(BigInt(ns) / 1000n);
  const link = (refType: string, traceID: string, spanID: string) => ({ refType, traceID, spanID });
  const { 'service.name': service, ...resource } = sent.resource;
  const { logs, processID, tags, ...span } = spans[0]!;
  assert.deepEqual(span, {
    traceID: traceId,
    spanID: sent.spanId,
    operationName: sent.name,
    startTime: us(sent.start),
    duration: Number((BigInt(sent.end) - BigInt(sent.start)) / 1000n),
    references: [
      ...(sent.parentSpanId === '' ? [] : [link('CHILD_OF', traceId, sent.parentSpanId)]),
      ...sent.links.map((l) => link('FOLLOWS_FROM', l.traceId, l.spanId)),
    ],
    warnings: null,
  });
  const process = trace.processes[processID];
  assert.equal(process?.serviceName, textOf(service));
  assert.deepEqual(byTagKey(process?.tags ?? []), byTagKey(tagsOf(resource)));
  assert.deepEqual(byTagKey(tags), byTagKey(spanTags(sent)));
  assert.deepEqual(
    logs.map((log) => ({ ...log, fields: byTagKey(log.fields) })),
    sent.events.map(({ time, name, attributes }) => {
      const fields = [{ key: 'event', type: 'string', value: name }, ...tagsOf(attributes)];
      return { timestamp: us(time), fields: byTagKey(fields) };
    }),
  );
}

type Attributes = Record<string, unknown>;

/** What tables give back that keep attributes as texts. */
function asTexts(sent: Sent): Sent {
  const texts = (attributes: Attributes): Attributes =>
    Object.fromEntries(
      Object.entries(attributes).map(([key, value]) => [key, { stringValue: textOf(value) }]),
    );
  return {
    ...sent,
    attributes: texts(sent.attributes),
    events: sent.events.map((e) => ({ ...e, attributes: texts(e.attributes) })),
    links: sent.links.map((l) => ({ ...l, attributes: texts(l.attributes) })),
    resource: texts(sent.resource),
  };
}

/**
 * Waits until the spans in `text` (one JSON line each) are stored and compares every field, over
 * both APIs.
 * @param jaeger base of the query API
 * @param schema of the tables: those of `otel` keep values of attributes as texts
 */
export async function follow(
  jaeger: string,
  text: string,
  schema: 'smart' | 'otel' = 'smart',
): Promise<void> {
  const lines = text.split('\n').filter((line) => line.startsWith('{'));
  const printed = lines.map((line) => JSON.parse(line) as Sent);
  const sent = schema === 'smart' ? printed : printed.map(asTexts);
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
