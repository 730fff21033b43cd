import { parseTypedJson } from '../schema/typed-json.ts';
import type { KeyValue, StoredEvent, StoredLink, StoredSpan } from './model.ts';
import type { RowBinaryReader } from './row-binary.ts';

/** What {@link readSpanRow} reads, in this order. */
export const spanColumns = `trace_id, span_id, parent_span_id, time, duration, service, name, kind,
  status_code, status_message, trace_state, flags, dropped_attributes, dropped_events,
  dropped_links, resource_id, scope_id, resource_inline, scope_inline, client_entity,
  server_entity, attributes_string, attributes_int, attributes_float, attributes_bool, attributes_other, \`events.time\`,
  \`events.name\`, \`events.attributes\`, \`events.attributes_other\`, \`events.dropped_attributes\`,
  \`links.trace_id\`, \`links.span_id\`, \`links.trace_state\`, \`links.flags\`, \`links.attributes\`,
  \`links.attributes_other\`, \`links.dropped_attributes\``;

/** A row of `spans` whose resource and scope are still ids. */
export interface SpanRow {
  readonly span: Omit<StoredSpan, 'resource' | 'scope'>;
  readonly service: string;
  readonly resourceId: bigint;
  readonly scopeId: bigint;
  /** Typed JSON, '' when the id is in the dictionary. */
  readonly resourceInline: string;
  readonly scopeInline: string;
}

const noParent = '0000000000000000';

export function readSpanRow(r: RowBinaryReader): SpanRow {
  const traceId = r.hex(16);
  const spanId = r.hex(8);
  const parent = r.hex(8);
  const startUnixNano = r.uint64();
  const endUnixNano = BigInt.asUintN(64, startUnixNano + r.int64());
  const service = r.string();
  const head = {
    traceId,
    spanId,
    parentSpanId: parent === noParent ? '' : parent,
    startUnixNano,
    endUnixNano,
    name: r.string(),
    kind: r.uint8(),
    statusCode: r.uint8(),
    statusMessage: r.string(),
    traceState: r.string(),
    flags: r.uint32(),
    droppedAttributesCount: r.uint32(),
    droppedEventsCount: r.uint32(),
    droppedLinksCount: r.uint32(),
  };
  const ids = {
    resourceId: r.uint64(),
    scopeId: r.uint64(),
    resourceInline: r.string(),
    scopeInline: r.string(),
  };
  const client = r.uint64();
  const server = r.uint64();
  const attributes = readSpanAttributes(r);
  addEntity(attributes, 'wirestitch.client.entity', client);
  addEntity(attributes, 'wirestitch.server.entity', server);
  const events = readEvents(r);
  const links = readLinks(r);
  return { span: { ...head, attributes, events, links }, service, ...ids };
}

function readSpanAttributes(r: RowBinaryReader): KeyValue[] {
  const out: KeyValue[] = [];
  r.map((key) => out.push({ key, value: { type: 'string', value: r.string() } }));
  r.map((key) => out.push({ key, value: { type: 'int', value: r.int64() } }));
  r.map((key) => out.push({ key, value: { type: 'double', value: r.float64() } }));
  r.map((key) => out.push({ key, value: { type: 'bool', value: r.uint8() !== 0 } }));
  r.map((key) => out.push({ key, value: parseTypedJson(r.string()) }));
  return out;
}

/** Entities have columns of their own; as attributes they are ints, 64 bits in two's complement. */
function addEntity(attributes: KeyValue[], key: string, id: bigint): void {
  if (id === 0n) return;
  attributes.push({ key, value: { type: 'int', value: BigInt.asIntN(64, id) } });
}

/** A pair of maps: plain strings, then everything else as typed JSON. */
export function readAttributePair(r: RowBinaryReader): KeyValue[] {
  const out: KeyValue[] = [];
  readStrings(r, out);
  readOthers(r, out);
  return out;
}

function readStrings(r: RowBinaryReader, out: KeyValue[]): void {
  r.map((key) => out.push({ key, value: { type: 'string', value: r.string() } }));
}

function readOthers(r: RowBinaryReader, out: KeyValue[]): void {
  r.map((key) => out.push({ key, value: parseTypedJson(r.string()) }));
}

/** Attributes of the items of one row: an array of string maps, then one of other maps. */
function readAttributeArrays(r: RowBinaryReader): KeyValue[][] {
  const lists = r.array(() => {
    const out: KeyValue[] = [];
    readStrings(r, out);
    return out;
  });
  let i = 0;
  r.array(() => readOthers(r, lists[i++]!));
  return lists;
}

function readEvents(r: RowBinaryReader): StoredEvent[] {
  const times = r.array(() => r.uint64());
  const names = r.array(() => r.string());
  const attributes = readAttributeArrays(r);
  const dropped = r.array(() => r.uint32());
  return times.map((timeUnixNano, i) => ({
    timeUnixNano,
    name: names[i]!,
    attributes: attributes[i]!,
    droppedAttributesCount: dropped[i]!,
  }));
}

function readLinks(r: RowBinaryReader): StoredLink[] {
  const traceIds = r.array(() => r.hex(16));
  const spanIds = r.array(() => r.hex(8));
  const states = r.array(() => r.string());
  const flags = r.array(() => r.uint32());
  const attributes = readAttributeArrays(r);
  const dropped = r.array(() => r.uint32());
  return traceIds.map((traceId, i) => ({
    traceId,
    spanId: spanIds[i]!,
    traceState: states[i]!,
    flags: flags[i]!,
    attributes: attributes[i]!,
    droppedAttributesCount: dropped[i]!,
  }));
}
