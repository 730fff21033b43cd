/** A store of spans in memory, with the aliases that were written. */
import { captureSource, keyAttributes as names } from '../../../stitch/attributes.ts';
import type { StitchSpan } from '../../../stitch/span.ts';
import type { KeySearch, TraceAlias, TraceKeys } from '../../../storage/traces/keys.ts';
import {
  type AttributeValue,
  type KeyValue,
  type StoredResource,
  type StoredSpan,
  serviceName,
} from '../../../storage/traces/model.ts';
import { ReadError, type TraceReader } from '../../../storage/traces/reader.ts';

export interface Memory {
  readonly reader: TraceReader;
  readonly keys: TraceKeys;
  readonly aliases: TraceAlias[];
  /** Statements that would have run. */
  readonly calls: { traces: number; keys: number; joins: number; services: number };
  /** What the next search fails with. */
  failure: Error | undefined;
}

export function memory(spans: readonly StoredSpan[]): Memory {
  const byTrace = Map.groupBy(spans, (span) => span.traceId);
  const aliases: TraceAlias[] = [];
  const calls = { traces: 0, keys: 0, joins: 0, services: 0 };
  const none = () => Promise.reject(new ReadError('not made', 'internal'));
  const reader: TraceReader = {
    services: none,
    operations: none,
    findTraces: none,
    dependencies: none,
    async getTraces(ids) {
      calls.traces++;
      return ids.flatMap((traceId) => {
        const group = withAliases(aliases, traceId);
        const found = [...group].flatMap((id) => byTrace.get(id) ?? []);
        return found.length === 0 ? [] : [{ traceId, spans: found, truncated: false }];
      });
    },
  };
  const made: Memory = {
    reader,
    aliases,
    calls,
    failure: undefined,
    keys: {
      async traceIds(searches, limit) {
        calls.keys++;
        if (made.failure !== undefined) throw made.failure;
        const found = spans.filter((span) => searches.some((search) => matches(span, search)));
        return [...new Set(found.map((span) => span.traceId))].sort().slice(0, limit);
      },
      async servicesWith(attribute) {
        calls.services++;
        if (made.failure !== undefined) throw made.failure;
        const having = spans.filter((s) => s.resource.attributes.some((a) => a.key === attribute));
        return new Set(having.map((s) => serviceName(s.resource)));
      },
      async join(more) {
        if (more.length > 0) calls.joins++;
        aliases.push(...more);
      },
    },
  };
  return made;
}

function withAliases(aliases: readonly TraceAlias[], id: string): Set<string> {
  const group = new Set([id]);
  for (let size = 0; size !== group.size; ) {
    size = group.size;
    for (const { from, to } of aliases) {
      if (group.has(from)) group.add(to);
      else if (group.has(to)) group.add(from);
    }
  }
  return group;
}

function matches(span: StoredSpan, { fromNs, toNs, keys }: KeySearch): boolean {
  if (span.startUnixNano < fromNs || span.startUnixNano > toNs) return false;
  return keys.some(({ key, strings, ints }) =>
    span.attributes.some(
      ({ key: name, value }) =>
        name === key &&
        ((value.type === 'string' && strings.includes(value.value)) ||
          (value.type === 'int' && ints.includes(value.value))),
    ),
  );
}

const text = (value: string): AttributeValue => ({ type: 'string', value });
const int = (value: number): AttributeValue => ({ type: 'int', value: BigInt(value) });

/** The span as it would be stored. */
export function stored(span: StitchSpan): StoredSpan {
  const { traceId, spanId, parentSpanId, kind, startNs, endNs } = span;
  return {
    traceId,
    spanId,
    parentSpanId,
    traceState: '',
    flags: 0,
    name: 'GET',
    kind,
    startUnixNano: startNs,
    endUnixNano: endNs,
    attributes: attributesOf(span),
    droppedAttributesCount: 0,
    events: [],
    droppedEventsCount: 0,
    links: [],
    droppedLinksCount: 0,
    statusCode: 0,
    statusMessage: '',
    resource: resourceOf(span),
    scope: { name: '', version: '', attributes: [], droppedAttributesCount: 0, schemaUrl: '' },
  };
}

function resourceOf({ service, host, process, capture }: StitchSpan): StoredResource {
  const attributes: KeyValue[] = [{ key: 'service.name', value: text(service) }];
  if (host !== '') attributes.push({ key: 'host.id', value: text(host) });
  const pid = process.split('/')[1];
  if (pid !== undefined) attributes.push({ key: 'process.pid', value: int(Number(pid)) });
  if (capture !== undefined) attributes.push({ key: captureSource, value: text('ebpf') });
  return { attributes, droppedAttributesCount: 0, schemaUrl: '' };
}

function attributesOf({ capture: c }: StitchSpan): KeyValue[] {
  if (c === undefined) return [{ key: 'kept', value: text('as it is') }];
  const attributes: KeyValue[] = [
    { key: 'client.port', value: int(c.clientPort) },
    { key: 'server.port', value: int(c.serverPort) },
  ];
  const strings: [string, string][] = [
    ['wirestitch.observation_point', c.point],
    ['network.transport', c.transport],
    ['client.address', c.clientAddress],
    ['server.address', c.serverAddress],
    [names.requestHead, c.requestHead],
    [names.syscallRequest, c.syscallRequest],
    [names.syscallResponse, c.syscallResponse],
    [names.requestId, c.requestId],
    [names.responseRequestId, c.responseRequestId],
    [names.headerTraceId, c.headerTraceId],
    ['wirestitch.trace_header.span_id', c.headerSpanId],
    ...c.facts,
  ];
  for (const [key, value] of strings) {
    if (value !== '') attributes.push({ key, value: text(value) });
  }
  for (const [key, value] of [
    [names.requestSequence, c.requestSequence],
    [names.responseSequence, c.responseSequence],
  ] as const) {
    if (value !== undefined) attributes.push({ key, value: int(value) });
  }
  return attributes;
}
