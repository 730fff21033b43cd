import { toJson } from '../../pdata/json.ts';
import { parseRequest } from '../../pdata/parse.ts';
import { Instances } from './instances.ts';
import { readJson } from './json.ts';
import type { MessageName } from './schema.ts';
import { SegmentTranslator } from './segment.ts';
import type { Carry, Translator } from './translator.ts';

/** When everything in these tests arrives. */
export const nowMs = 1_700_000_000_000;

/** A message as protobuf, from its JSON form. */
export function proto(name: MessageName, value: unknown): Buffer {
  return Buffer.from(readJson(name, Buffer.from(JSON.stringify(value)), false).bytes);
}

type Value = Record<string, unknown>;

/** An attribute as OTLP/JSON has it. */
export interface Attribute {
  readonly key: string;
  readonly value: Value;
}

/** Attributes as a plain object, integers as numbers; no key may come twice. */
export function plain(attributes: readonly Attribute[] = []): Record<string, unknown> {
  const seen = new Map<string, unknown>();
  for (const { key, value } of attributes) {
    if (seen.has(key)) throw new Error(`attribute ${key} comes twice`);
    const [kind, inner] = Object.entries(value)[0] ?? ['', null];
    if (kind === 'intValue') seen.set(key, Number(inner));
    else if (kind === 'arrayValue') {
      seen.set(
        key,
        (inner as { values: Value[] }).values.map((v) => Object.values(v)[0]),
      );
    } else seen.set(key, inner);
  }
  return Object.fromEntries(seen);
}

const lists = {
  traces: ['resourceSpans', 'scopeSpans', 'spans'],
  metrics: ['resourceMetrics', 'scopeMetrics', 'metrics'],
  logs: ['resourceLogs', 'scopeLogs', 'logRecords'],
} as const;

interface Group {
  readonly resource?: { readonly attributes?: readonly Attribute[] };
  readonly [list: string]: unknown;
}

/** Items of a batch (of metrics: metrics); the batch is checked as one of a stranger. */
// biome-ignore lint/suspicious/noExplicitAny: JSON of three signals, for tests
export function itemsOf(batch: ReturnType<Translator['finish']>): any[] {
  parseRequest(batch.signal, Buffer.concat(batch.ranges()));
  const [outer, middle, inner] = lists[batch.signal as keyof typeof lists];
  const json = JSON.parse(toJson(batch)) as Record<string, Group[]>;
  return (json[outer] ?? []).flatMap((group) =>
    ((group[middle] ?? []) as Record<string, { attributes?: Attribute[] }[]>[]).flatMap((scope) =>
      (scope[inner] ?? []).map((item) => ({
        ...item,
        attributes: plain(item.attributes),
        resource: plain(group.resource?.attributes),
      })),
    ),
  );
}

/** Adds messages one after the other, as of one stream. @returns the items */
export function translate(
  translator: Translator,
  messages: readonly Uint8Array[],
): ReturnType<typeof itemsOf> {
  const carry: Carry = { service: '', instance: '', ms: 0 };
  for (const message of messages) translator.add(message, 0, message.length, carry, nowMs);
  return itemsOf(translator.finish());
}

/** What a span may leave out in a test. */
const spanDefaults = {
  spanId: 0,
  parentSpanId: -1,
  startTime: nowMs,
  endTime: nowMs + 10,
  operationName: 'op',
};

/** A segment as protobuf. */
export function segment(
  spans: readonly object[],
  given: { readonly [field: string]: unknown } = {},
): Buffer {
  return proto('Segment', {
    traceId: 'aaaabbbbccccddddeeeeffff00001111',
    traceSegmentId: '11112222333344445555666677778888',
    service: 'svc',
    serviceInstance: 'one',
    spans: spans.map((span) => ({ ...spanDefaults, ...span })),
    ...given,
  });
}

/** The spans of a segment. */
export function spansOf(...segments: readonly Buffer[]): ReturnType<typeof itemsOf> {
  return translate(new SegmentTranslator(new Instances()), segments);
}
