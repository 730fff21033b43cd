import { rareColumns } from '../schema/spans.ts';
import { parseTypedJson } from '../schema/typed-json.ts';
import type { KeyValue, StoredLink, StoredSpan } from './model.ts';
import type { RowBinaryReader } from './row-binary.ts';

const usualColumns = `trace_id, span_id, parent_span_id, time, duration, service, name, kind,
  status_code, status_message, flags, resource_id, scope_id, client_entity, server_entity,
  attributes_string, attributes_int, attributes_float, attributes_bool,
  \`events.time\`, \`events.name\`, \`events.attributes\``;

/** What {@link readSpanRow} reads, in this order. */
export const spanColumns = `${usualColumns}, ${rareColumns.join(', ')}`;

/** What {@link readUsualSpanRow} reads, in this order. */
export const usualSpanColumns = `${usualColumns}, rare`;

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

/** The column `parent_span_id`: 16 hex digits, '' for a root. */
export function readParentId(r: RowBinaryReader): string {
  const parent = r.hex(8);
  return parent === noParent ? '' : parent;
}

/** A row of {@link spanColumns}. */
export function readSpanRow(r: RowBinaryReader): SpanRow {
  const usual = readUsual(r);
  return finish(usual, readRare(r));
}

/**
 * A row of {@link usualSpanColumns}.
 * @returns undefined for a span that has something in the other columns
 */
export function readUsualSpanRow(r: RowBinaryReader): SpanRow | undefined {
  const usual = readUsual(r);
  return r.uint8() === 0 ? finish(usual, nothingRare) : undefined;
}

/** What is in the columns that every read asks for. */
interface Usual {
  readonly head: Pick<
    StoredSpan,
    'traceId' | 'spanId' | 'parentSpanId' | 'startUnixNano' | 'endUnixNano' | 'name' | 'kind'
  > &
    Pick<StoredSpan, 'statusCode' | 'statusMessage' | 'flags'>;
  readonly service: string;
  readonly resourceId: bigint;
  readonly scopeId: bigint;
  readonly client: bigint;
  readonly server: bigint;
  readonly attributes: KeyValue[];
  readonly events: readonly { timeUnixNano: bigint; name: string; attributes: KeyValue[] }[];
}

interface Rare {
  readonly head: Pick<
    StoredSpan,
    'traceState' | 'droppedAttributesCount' | 'droppedEventsCount' | 'droppedLinksCount' | 'links'
  >;
  readonly resourceInline: string;
  readonly scopeInline: string;
  readonly attributes: readonly KeyValue[];
  readonly eventAttributes: readonly (readonly KeyValue[])[];
  readonly eventsDropped: readonly number[];
}

const nothingRare: Rare = {
  head: {
    traceState: '',
    droppedAttributesCount: 0,
    droppedEventsCount: 0,
    droppedLinksCount: 0,
    links: [],
  },
  resourceInline: '',
  scopeInline: '',
  attributes: [],
  eventAttributes: [],
  eventsDropped: [],
};

function readUsual(r: RowBinaryReader): Usual {
  const traceId = r.hex(16);
  const spanId = r.hex(8);
  const parentSpanId = readParentId(r);
  const startUnixNano = r.uint64();
  const endUnixNano = BigInt.asUintN(64, startUnixNano + r.int64());
  const service = r.string();
  const head = {
    traceId,
    spanId,
    parentSpanId,
    startUnixNano,
    endUnixNano,
    name: r.string(),
    kind: r.uint8(),
    statusCode: r.uint8(),
    statusMessage: r.string(),
    flags: r.uint32(),
  };
  return {
    head,
    service,
    resourceId: r.uint64(),
    scopeId: r.uint64(),
    client: r.uint64(),
    server: r.uint64(),
    attributes: readTypedAttributes(r),
    events: readEvents(r),
  };
}

function readRare(r: RowBinaryReader): Rare {
  const traceState = r.string();
  const counts = {
    droppedAttributesCount: r.uint32(),
    droppedEventsCount: r.uint32(),
    droppedLinksCount: r.uint32(),
  };
  const resourceInline = r.string();
  const scopeInline = r.string();
  const attributes = others(r);
  const eventAttributes = r.array(() => others(r));
  const eventsDropped = r.array(() => r.uint32());
  const head = { traceState, ...counts, links: readLinks(r) };
  return { head, resourceInline, scopeInline, attributes, eventAttributes, eventsDropped };
}

function finish(usual: Usual, rare: Rare): SpanRow {
  const { service, resourceId, scopeId, attributes } = usual;
  const { resourceInline, scopeInline } = rare;
  attributes.push(...rare.attributes);
  addEntity(attributes, 'wirestitch.client.entity', usual.client);
  addEntity(attributes, 'wirestitch.server.entity', usual.server);
  const events = usual.events.map(({ timeUnixNano, name, attributes: strings }, i) => ({
    timeUnixNano,
    name,
    attributes: [...strings, ...(rare.eventAttributes[i] ?? [])],
    droppedAttributesCount: rare.eventsDropped[i] ?? 0,
  }));
  const span = { ...usual.head, ...rare.head, attributes, events };
  return { span, service, resourceId, scopeId, resourceInline, scopeInline };
}

function readTypedAttributes(r: RowBinaryReader): KeyValue[] {
  const out = readStrings(r);
  r.map((key) => out.push({ key, value: { type: 'int', value: r.int64() } }));
  r.map((key) => out.push({ key, value: { type: 'double', value: r.float64() } }));
  r.map((key) => out.push({ key, value: { type: 'bool', value: r.uint8() !== 0 } }));
  return out;
}

/** Entities have columns of their own; as attributes they are ints, 64 bits in two's complement. */
function addEntity(attributes: KeyValue[], key: string, id: bigint): void {
  if (id === 0n) return;
  attributes.push({ key, value: { type: 'int', value: BigInt.asIntN(64, id) } });
}

/** A pair of maps: plain strings, then everything else as typed JSON. */
export function readAttributePair(r: RowBinaryReader): KeyValue[] {
  const out = readStrings(r);
  readOthers(r, out);
  return out;
}

/** A map of strings as attributes. */
export function readStrings(r: RowBinaryReader): KeyValue[] {
  const out: KeyValue[] = [];
  r.map((key) => out.push({ key, value: { type: 'string', value: r.string() } }));
  return out;
}

function readOthers(r: RowBinaryReader, out: KeyValue[]): void {
  r.map((key) => out.push({ key, value: parseTypedJson(r.string()) }));
}

/** Attributes of the items of one row: an array of string maps, then one of other maps. */
function readAttributeArrays(r: RowBinaryReader): KeyValue[][] {
  const lists = r.array(() => readStrings(r));
  let i = 0;
  r.array(() => readOthers(r, lists[i++]!));
  return lists;
}

function others(r: RowBinaryReader): KeyValue[] {
  const out: KeyValue[] = [];
  readOthers(r, out);
  return out;
}

function readEvents(r: RowBinaryReader): Usual['events'] {
  const times = r.array(() => r.uint64());
  const names = r.array(() => r.string());
  const attributes = r.array(() => readStrings(r));
  return times.map((timeUnixNano, i) => ({
    timeUnixNano,
    name: names[i]!,
    attributes: attributes[i]!,
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
