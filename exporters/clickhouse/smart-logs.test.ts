import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import fc from 'fast-check';
import { hostEntity, processEntity, service } from '../../agent/entities/entity.ts';
import { EntityReporter } from '../../agent/entities/reporter.ts';
import { FlowLogWriter } from '../../agent/flow/log-writer.ts';
import { emptyRecord } from '../../agent/flow/record.ts';
import type { Batch } from '../../pdata/batch.ts';
import { type AttributeSet, LogsBuilder } from '../../pdata/builder.ts';
import { migrate, readIdKey } from '../../storage/schema/migrate.ts';
import { openTestDatabase, type TestDatabase } from '../../storage/schema/testing/chdb-client.ts';
import { formatTypedJson } from '../../storage/schema/typed-json.ts';
import { quoteName, rowsOf } from '../../storage/sql.ts';
import type { Block } from '../../wire/clickhouse/block.ts';
import { WrittenRows } from '../../wire/clickhouse/smart/written-rows.ts';
import { SmartLogsEncoder } from '../../wire/clickhouse/smart-logs/encoder.ts';
import { groups, logRecord } from '../../wire/clickhouse/testing/arbitrary.ts';
import {
  type Group,
  type LogRecord,
  logBytes,
  request,
} from '../../wire/clickhouse/testing/otlp-model.ts';
import { bits, idText, modelValue, pairsOf } from './testing/expected.ts';

let database: TestDatabase;
let key: Uint8Array;
const NOW_S = 1_790_000_000 + 1_800;
const NOW_NS = BigInt(NOW_S) * 1_000_000_000n;

before(async () => {
  database = await openTestDatabase();
  await migrate(database.client, { database: 'smart', ttlDays: 0 });
  key = await readIdKey(database.client, { database: 'smart' });
});

after(() => database.close());

async function insert(blocks: readonly Block[], rename: (table: string) => string = (t) => t) {
  for (const block of blocks) {
    const columns = block.columns.map(quoteName).join(', ');
    const into = `smart.${rename(block.table)} (${columns})`;
    await database.client.insert(`INSERT INTO ${into} FORMAT Native`, [block.body]);
  }
}

function sealed(batch: Batch<'logs'>, receipt = NOW_S): readonly Block[] {
  const encoder = new SmartLogsEncoder(key, new WrittenRows());
  for (const range of batch.ranges()) encoder.append(range, receipt);
  return encoder.seal(7n).blocks;
}

function expectedRow(group: Group<LogRecord>, item: LogRecord) {
  const named = group.attributes.find(([k]) => k === 'service.name')?.[1];
  const { attributes, body } = item;
  const scalar = ['string', 'int', 'double', 'bool'];
  return {
    time: String(BigInt.asIntN(64, item.time)),
    observed: String(BigInt.asIntN(64, item.observed)),
    trace_id: idText(item.traceId, 16),
    span_id: idText(item.spanId, 8),
    flags: item.flags,
    severity_number: item.severity,
    severity_text: item.severityText,
    event_name: item.eventName,
    service: named !== undefined && 'string' in named ? named.string : '',
    body: 'string' in body ? body.string : '',
    body_other:
      'string' in body || modelValue(body).type === 'empty'
        ? ''
        : formatTypedJson(modelValue(body)),
    strings: pairsOf(attributes, 'string', (v) => ('string' in v ? v.string : '')),
    ints: pairsOf(attributes, 'int', (v) => ('int' in v ? String(v.int) : '')),
    floats: pairsOf(attributes, 'double', (v) => bits('double' in v ? v.double : 0)),
    bools: pairsOf(attributes, 'bool', (v) => String('bool' in v && v.bool)),
    others: attributes
      .filter(([, v]) => !scalar.some((kind) => kind in v))
      .map(([k, v]) => [k, formatTypedJson(modelValue(v))] as const),
    resource: pairsOf(group.attributes, 'string', (v) => ('string' in v ? v.string : '')),
  };
}

const SELECT = `
  SELECT reinterpretAsInt64(l.time) AS time, reinterpretAsInt64(l.observed_time) AS observed,
    hex(l.trace_id) AS trace_id, hex(l.span_id) AS span_id, l.flags AS flags,
    l.severity_number AS severity_number, l.severity_text AS severity_text,
    l.event_name AS event_name, l.service AS service, l.body AS body, l.body_other AS body_other,
    CAST(l.attributes_string, 'Array(Tuple(String, String))') AS strings,
    arrayMap(p -> (p.1, toString(p.2)), CAST(l.attributes_int, 'Array(Tuple(String, Int64))'))
      AS ints,
    arrayMap(p -> (p.1, hex(p.2)), CAST(l.attributes_float, 'Array(Tuple(String, Float64))'))
      AS floats,
    arrayMap(p -> (p.1, toString(p.2)), CAST(l.attributes_bool, 'Array(Tuple(String, Bool))'))
      AS bools,
    CAST(l.attributes_other, 'Array(Tuple(String, String))') AS others,
    CAST(r.attributes, 'Array(Tuple(String, String))') AS resource
  FROM smart.ordered AS l
  LEFT JOIN (SELECT * FROM smart.resources FINAL) AS r
    ON r.id = l.resource_id AND r.day = toDate(l.bucket)
  ORDER BY l.observed_time
  SETTINGS output_format_json_named_tuples_as_objects = 0`;

test('every field of generated records is given back', async () => {
  const seed = (Date.now() ^ process.pid) >>> 0;
  const { client } = database;
  await client.command('CREATE TABLE smart.ordered AS smart.logs ENGINE = Memory', {
    settings: { allow_suspicious_low_cardinality_types: 1 },
  });
  // Rows are put in the order sent by the observed time.
  let next = NOW_NS;
  const samples = fc.sample(groups(logRecord), { numRuns: 150, seed }).map((sample) =>
    sample.map((group) => ({
      ...group,
      scopes: group.scopes.map((scope) => ({
        ...scope,
        items: scope.items.map((item) => ({ ...item, observed: next++ })),
      })),
    })),
  );
  const encoder = new SmartLogsEncoder(key, new WrittenRows());
  for (const sample of samples) encoder.append(request(sample, logBytes), NOW_S);
  await insert(encoder.seal(1n).blocks, (table) => (table === 'logs' ? 'ordered' : table));
  const expected = samples.flatMap((sample) =>
    sample.flatMap((group) =>
      group.scopes.flatMap((s) => s.items.map((i) => expectedRow(group, i))),
    ),
  );
  const stored = await rowsOf<Record<string, unknown>>(client, SELECT);
  assert.equal(stored.length, expected.length);
  assert.ok(stored.length > 50);
  for (const [index, row] of stored.entries()) {
    assert.deepEqual(row, JSON.parse(JSON.stringify(expected[index])), `seed ${seed}`);
  }
});

function flow(attributes: AttributeSet, time = NOW_NS): Batch<'logs'> {
  const builder = new LogsBuilder();
  builder.resource({ 'host.name': 'h1' });
  builder.scope('wirestitch/packet');
  builder.record({ timeUnixNano: time, eventName: 'flow', attributes });
  return builder.finish();
}

test('a flow goes to its table, values by column, what has none as attributes', async () => {
  const batch = flow({
    'wirestitch.flow.id': '00f1e2d3c4b5a697',
    'client.address': '10.1.2.3',
    'client.port': 40_000,
    'server.address': 'fd00::1',
    'server.port': 70_000,
    'network.transport': 'tcp',
    'wirestitch.client.entity': BigInt.asIntN(64, 0xfedcba9876543210n),
    'wirestitch.server.service': 'shop',
    'my.text': 'a',
    'my.int': 5,
  });
  const blocks = sealed(batch);
  assert.deepEqual(
    blocks.map(({ table }) => table),
    ['resources', 'scopes', 'flows'],
  );
  await insert(blocks);
  const [row] = await rowsOf<Record<string, unknown>>(
    database.client,
    `SELECT toString(bucket) AS bucket, toString(batch) AS batch, hex(flow_id) AS flow_id,
       toString(client_address) AS client, toString(server_address) AS server, client_port,
       server_port, transport, hex(client_entity) AS entity, server_service, attributes,
       (SELECT any(attributes['host.name']) FROM smart.resources WHERE id = resource_id) AS host
     FROM smart.flows`,
  );
  assert.deepEqual(row, {
    bucket: new Date(NOW_S * 1000 - ((NOW_S * 1000) % 60_000))
      .toISOString()
      .slice(0, 19)
      .replace('T', ' '),
    batch: '7',
    flow_id: 'F1E2D3C4B5A697',
    client: '::ffff:10.1.2.3',
    server: 'fd00::1',
    client_port: 40_000,
    server_port: 0,
    transport: 'tcp',
    entity: 'FEDCBA9876543210',
    server_service: 'shop',
    attributes: { 'server.port': '70000', 'my.text': 'a', 'my.int': '5' },
    host: 'h1',
  });
});

test('every attribute of the flow records that captures give has a column', async () => {
  const writer = new FlowLogWriter({
    resource: { 'host.name': 'h2' },
    scope: 'wirestitch/packet',
    pointOf: () => 'client_nic',
  });
  const record = emptyRecord();
  let next = 1;
  const fill = (target: object): void => {
    for (const [key, value] of Object.entries(target)) {
      if (typeof value === 'object') fill(value as object);
      else if (typeof value === 'number') Object.assign(target, { [key]: next++ });
    }
  };
  fill(record);
  Object.assign(record, {
    ...{ baseSeconds: NOW_S, from: 0, until: 5_000, isNew: true, closeType: 2, protocol: 'http' },
    ends: { ...record.ends, clientAddress: '10.0.0.1', serverAddress: '10.0.0.2' },
  });
  writer.add(record);
  await insert(sealed(writer.flush()!));
  const [row] = await rowsOf<Record<string, string | number | boolean | object>>(
    database.client,
    "SELECT * FROM smart.flows WHERE observation_point = 'client_nic'",
  );
  assert.deepEqual(row?.attributes, {});
  const { client, server, art } = record;
  assert.equal(Number(row.bytes_sent), client.bytes);
  assert.equal(Number(row.fins_received), server.fin);
  assert.equal(Number(row.zero_windows_sent), client.zeroWindows);
  assert.equal(Number(row.rtt), record.rtt);
  assert.deepEqual([row.art_count, row.art_sum, row.art_max].map(Number), [
    art.count,
    art.sum,
    art.maxMicros * 1000,
  ]);
  assert.deepEqual(
    [row.close_type, row.close_number, row.status],
    ['server_reset', 2, 'server_error'],
  );
  const unknown = ['client_entity', 'server_entity', 'client_service', 'server_service'];
  const inline = ['resource_inline', 'scope_inline', 'service', 'attributes'];
  for (const [column, value] of Object.entries(row)) {
    if ([...unknown, ...inline].includes(column)) continue;
    assert.ok(value !== '' && Number(value) !== 0, `${column} is not filled`);
  }
});

test('entities are rows valid from-to: reported again, changed, ended', async () => {
  const host = { id: '3d1219c7c4c5404aaa1f6d2a48adfda4', name: 'h1' };
  const reporter = new EntityReporter({ host, intervalSeconds: 300, limit: 10 });
  const place = { service: 'shop', serviceNamespace: '', containerId: 'ab'.repeat(32) };
  const start = NOW_NS - 3_600_000_000_000n;
  const at = (minute: number): bigint => NOW_NS + BigInt(minute) * 60_000_000_000n;
  const shop = (version: string) =>
    processEntity(host, 42, start, place, {
      'process.executable.name': 'shop',
      'service.version': version,
    });
  const send = async (minute: number) => {
    const batch = reporter.flush(at(minute));
    if (batch !== undefined) await insert(sealed(batch, NOW_S + minute * 60));
    return batch?.itemCount ?? 0;
  };
  reporter.seen(hostEntity(host, ['10.1.2.3', 'fd00::2']), at(0));
  reporter.seen(service('shop', '', {}), at(0));
  reporter.seen(shop('1'), at(0));
  assert.equal(await send(0), 3);
  assert.equal(await send(1), 0);
  assert.equal(await send(6), 3);
  reporter.seen(shop('2'), at(7));
  assert.equal(await send(7), 1);
  reporter.ended(shop('2').id, at(8));
  assert.equal(await send(8), 1);

  const rows = await rowsOf<Record<string, unknown>>(
    database.client,
    `SELECT type, name, toUnixTimestamp(valid_from) AS from, toUnixTimestamp(valid_to) AS to,
       tags['service.version'] AS version, toString(service) AS service, toString(node) AS node,
       container != 0 AS contained
     FROM smart.entities FINAL ORDER BY type, valid_from`,
  );
  const seconds = (minute: number): number => NOW_S + minute * 60;
  const related = {
    service: String(service('shop', '', {}).id),
    node: String(hostEntity(host, []).id),
  };
  const none = { service: '0', node: '0', contained: 0, version: '' };
  assert.deepEqual(rows, [
    { type: 'host', name: 'h1', from: seconds(0), to: seconds(6) + 900, ...none },
    {
      ...{ type: 'process', name: 'shop', from: NOW_S - 3600, to: seconds(6) + 900 },
      ...{ version: '1', ...related, contained: 1 },
    },
    {
      ...{ type: 'process', name: 'shop', from: seconds(7), to: seconds(8) },
      ...{ version: '2', ...related, contained: 1 },
    },
    { type: 'service', name: 'shop', from: seconds(0), to: seconds(6) + 900, ...none },
  ]);

  const addresses = await rowsOf<Record<string, unknown>>(
    database.client,
    `SELECT toString(address) AS address, prefix, toString(entity) AS entity
     FROM smart.entity_addresses FINAL ORDER BY address`,
  );
  const entity = related.node;
  assert.deepEqual(addresses, [
    { address: '::ffff:10.1.2.3', prefix: 128, entity },
    { address: 'fd00::2', prefix: 128, entity },
  ]);

  // The id that a span carries leads to the row of its own time.
  const [named] = await rowsOf<{ version: string }>(
    database.client,
    `SELECT e.tags['service.version'] AS version
     FROM (SELECT toUInt64(${shop('1').id}) AS id, toDateTime(${seconds(5)}, 'UTC') AS at) AS fact
     ASOF LEFT JOIN smart.entities AS e ON e.id = fact.id AND e.valid_from <= fact.at`,
  );
  assert.equal(named?.version, '1');
});

test('entity events that name no entity, or only end one, are kept as records', () => {
  const builder = new LogsBuilder();
  builder.resource({});
  builder.scope('');
  for (const eventName of ['entity.state', 'entity.delete']) {
    for (const attributes of [{}, { 'entity.type': 'x' }, { 'entity.id': { a: 'b' } }]) {
      builder.record({ timeUnixNano: NOW_NS, eventName, attributes });
    }
  }
  const attributes = { 'entity.type': 'x', 'entity.id': { a: 'b' } };
  builder.record({ timeUnixNano: NOW_NS, eventName: 'entity.delete', attributes });
  const blocks = sealed(builder.finish());
  assert.deepEqual(
    blocks.map(({ table, rows }) => [table, rows]),
    [
      ['resources', 1],
      ['scopes', 1],
      ['logs', 7],
    ],
  );
});

test('entities of other senders: a row a day, times of a wrong clock are moved near', async () => {
  const builder = new LogsBuilder();
  builder.resource({});
  builder.scope('');
  const pod = {
    'entity.type': 'k8s.pod',
    'entity.id': { 'k8s.pod.uid': 'abc' },
    'entity.description': {
      'k8s.pod.name': 'web-1',
      'k8s.pod.ip': '10.9.9.9',
      'k8s.pod.labels': { app: 'web' },
    },
    'entity.relationships': [
      {
        'relationship.type': 'scheduled_on',
        'entity.type': 'k8s.node',
        'entity.id': { 'k8s.node.uid': 'n1' },
      },
    ],
  };
  for (const time of [1n, NOW_NS, NOW_NS + 1_000_000_000n, (1n << 64n) - 1n]) {
    builder.record({ timeUnixNano: time, eventName: 'entity.state', attributes: pod });
  }
  await insert(sealed(builder.finish()));
  const rows = await rowsOf<Record<string, unknown>>(
    database.client,
    `SELECT name, toString(valid_from) AS from, node != 0 AS node, tags['k8s.pod.labels'] AS labels
     FROM smart.entities FINAL WHERE type = 'k8s.pod' ORDER BY valid_from`,
  );
  const day = (seconds: number): string =>
    `${new Date(seconds * 1000).toISOString().slice(0, 10)} 00:00:00`;
  const rest = { name: 'web-1', node: 1, labels: '{"app":"web"}' };
  const first = NOW_S - 400 * 86_400;
  assert.equal(rows.length, 2);
  assert.deepEqual(rows[1], { ...rest, from: day(NOW_S) });
  assert.deepEqual(
    { ...rows[0], from: String(rows[0]!.from).slice(0, 10) },
    {
      ...rest,
      from: day(first).slice(0, 10),
    },
  );
});

test('the compatibility view has the columns of the contrib table', async () => {
  const builder = new LogsBuilder();
  builder.resource({ 'service.name': 'shop' });
  builder.scope('lib', '1.0');
  builder.record({
    timeUnixNano: 0n,
    observedTimeUnixNano: NOW_NS,
    severityNumber: 9,
    severityText: 'INFO',
    body: 'seen in the view',
    attributes: { a: 'x', n: 5, f: true },
  });
  await insert(sealed(builder.finish()));
  const rows = await rowsOf<Record<string, unknown>>(
    database.client,
    `SELECT toUnixTimestamp(Timestamp) AS at, TraceId, SeverityText, ServiceName, Body, ScopeName,
       ResourceAttributes, LogAttributes FROM smart.otel_logs WHERE Body LIKE 'seen in%'`,
  );
  assert.deepEqual(rows, [
    {
      at: NOW_S,
      TraceId: '',
      SeverityText: 'INFO',
      ServiceName: 'shop',
      Body: 'seen in the view',
      ScopeName: 'lib',
      ResourceAttributes: { 'service.name': 'shop' },
      LogAttributes: { a: 'x', n: '5', f: 'true' },
    },
  ]);
});
