import { formatTypedJson } from '../../schema/typed-json.ts';
import { quoteString, type SqlClient } from '../../sql.ts';
import {
  type AttributeValue,
  type KeyValue,
  type StoredResource,
  type StoredScope,
  type StoredSpan,
  serviceName,
} from '../model.ts';

/** Writes spans as SQL literals: slow, and independent of the encoder that the exporter uses. */
export async function insertSpans(
  client: SqlClient,
  database: string,
  spans: readonly StoredSpan[],
): Promise<void> {
  const resources = new Map<StoredResource, bigint>();
  const scopes = new Map<StoredScope, bigint>();
  for (const span of spans) {
    if (!resources.has(span.resource)) resources.set(span.resource, idOf(span.resource));
    if (!scopes.has(span.scope)) scopes.set(span.scope, idOf(span.scope));
  }
  await insert(client, `${database}.resources`, [...resources].map(resourceRow));
  await insert(client, `${database}.scopes`, [...scopes].map(scopeRow));
  const rows = spans.map((span) => spanRow(span, resources, scopes));
  for (const row of rows) await insert(client, `${database}.spans`, [row]);
  await client.command(`INSERT INTO ${database}.operations
    SELECT DISTINCT toDate(bucket), service, name, kind FROM ${database}.spans`);
}

type Row = Readonly<Record<string, string>>;

async function insert(client: SqlClient, table: string, rows: readonly Row[]): Promise<void> {
  const columns = Object.keys(rows[0]!);
  const values = rows.map((row) => `(${columns.map((column) => row[column]).join(', ')})`);
  const names = columns.map((column) => `\`${column}\``).join(', ');
  await client.command(`INSERT INTO ${table} (${names}) VALUES ${values.join(', ')}`);
}

/** Some id that depends on the content alone. */
function idOf(set: StoredResource | StoredScope): bigint {
  const attributes = formatTypedJson({ type: 'kvlist', value: set.attributes });
  const text = JSON.stringify({ ...set, attributes });
  let hash = 14695981039346656037n;
  for (const byte of Buffer.from(text)) {
    hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * 1099511628211n);
  }
  return hash;
}

function resourceRow([resource, id]: [StoredResource, bigint]): Row {
  return {
    day: `'2026-01-05'`,
    id: String(id),
    service: quoteString(serviceName(resource)),
    attributes: strings(resource.attributes),
    attributes_other: others(resource.attributes),
    dropped_attributes: String(resource.droppedAttributesCount),
    schema_url: quoteString(resource.schemaUrl),
  };
}

function scopeRow([scope, id]: [StoredScope, bigint]): Row {
  return {
    day: `'2026-01-05'`,
    id: String(id),
    name: quoteString(scope.name),
    version: quoteString(scope.version),
    attributes: strings(scope.attributes),
    attributes_other: others(scope.attributes),
    dropped_attributes: String(scope.droppedAttributesCount),
    schema_url: quoteString(scope.schemaUrl),
  };
}

function spanRow(
  span: StoredSpan,
  resources: ReadonlyMap<StoredResource, bigint>,
  scopes: ReadonlyMap<StoredScope, bigint>,
): Row {
  const start = BigInt.asIntN(64, span.startUnixNano);
  const bucket =
    start < 0n || start > 4_000_000_000n * 1_000_000_000n ? 0n : start / 10_000_000_000n;
  const ofType = (type: AttributeValue['type'], text: (value: Scalar) => string) =>
    mapLiteral(
      span.attributes.filter((a) => a.value.type === type && !entities.includes(a.key)),
      (value) => text(value as Scalar),
    );
  const { events, links } = span;
  return {
    bucket: `toDateTime(${bucket * 10n}, 'UTC')`,
    batch: '1',
    trace_id: hex(span.traceId),
    span_id: hex(span.spanId),
    parent_span_id: hex(span.parentSpanId.padStart(16, '0')),
    time: time(span.startUnixNano),
    duration: `toInt64(${BigInt.asIntN(64, span.endUnixNano - span.startUnixNano)})`,
    service: quoteString(serviceName(span.resource)),
    name: quoteString(span.name),
    kind: String(span.kind),
    status_code: String(span.statusCode),
    status_message: quoteString(span.statusMessage),
    trace_state: quoteString(span.traceState),
    flags: String(span.flags),
    dropped_attributes: String(span.droppedAttributesCount),
    dropped_events: String(span.droppedEventsCount),
    dropped_links: String(span.droppedLinksCount),
    resource_id: String(resources.get(span.resource)),
    scope_id: String(scopes.get(span.scope)),
    client_entity: entity(span, 'wirestitch.client.entity'),
    server_entity: entity(span, 'wirestitch.server.entity'),
    attributes_string: ofType('string', (v) => quoteString(String(v.value))),
    attributes_int: ofType('int', (v) => `toInt64(${v.value})`),
    attributes_float: ofType('double', (v) => `toFloat64('${v.value}')`),
    attributes_bool: ofType('bool', (v) => String(v.value)),
    attributes_other: mapLiteral(span.attributes.filter(isOther), json),
    'events.time': list(events.map((e) => time(e.timeUnixNano))),
    'events.name': list(events.map((e) => quoteString(e.name))),
    'events.attributes': list(events.map((e) => strings(e.attributes))),
    'events.attributes_other': list(events.map((e) => others(e.attributes))),
    'events.dropped_attributes': list(events.map((e) => String(e.droppedAttributesCount))),
    'links.trace_id': list(links.map((l) => hex(l.traceId))),
    'links.span_id': list(links.map((l) => hex(l.spanId))),
    'links.trace_state': list(links.map((l) => quoteString(l.traceState))),
    'links.flags': list(links.map((l) => String(l.flags))),
    'links.attributes': list(links.map((l) => strings(l.attributes))),
    'links.attributes_other': list(links.map((l) => others(l.attributes))),
    'links.dropped_attributes': list(links.map((l) => String(l.droppedAttributesCount))),
  };
}

/** Attributes that have a column of their own. */
const entities = ['wirestitch.client.entity', 'wirestitch.server.entity'];

function entity(span: StoredSpan, key: string): string {
  const value = span.attributes.find((a) => a.key === key)?.value;
  return value?.type === 'int' ? String(BigInt.asUintN(64, value.value)) : '0';
}

/** A value of the four kinds that have a column of their own. */
type Scalar = Extract<AttributeValue, { type: 'string' | 'int' | 'double' | 'bool' }>;

const plain = new Set(['string', 'int', 'double', 'bool']);
const isOther = (a: KeyValue) => !plain.has(a.value.type);
const json = (value: AttributeValue) => quoteString(formatTypedJson(value));

function strings(attributes: readonly KeyValue[]): string {
  const found = attributes.filter((a) => a.value.type === 'string');
  return mapLiteral(found, (v) => quoteString(v.type === 'string' ? v.value : ''));
}

function others(attributes: readonly KeyValue[]): string {
  return mapLiteral(
    attributes.filter((a) => a.value.type !== 'string'),
    json,
  );
}

function mapLiteral(
  attributes: readonly KeyValue[],
  text: (value: AttributeValue) => string,
): string {
  return `map(${attributes.map((a) => `${quoteString(a.key)}, ${text(a.value)}`).join(', ')})`;
}

function list(items: readonly string[]): string {
  return `[${items.join(', ')}]`;
}

function hex(digits: string): string {
  return `unhex('${digits}')`;
}

function time(ns: bigint): string {
  return `fromUnixTimestamp64Nano(toInt64(${BigInt.asIntN(64, ns)}), 'UTC')`;
}
