import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { until } from '../../testing/until.ts';
import { rowsOf } from '../sql.ts';
import { placesComplete } from '../traces/own-table.ts';
import { edgesStatement } from './edges.ts';
import { migrate, newestVersion, readIdKey, schemaVersionOf } from './migrate.ts';
import { redStatement } from './red.ts';
import { spans } from './spans.ts';
import { createTable } from './table.ts';
import { openTestDatabase, type TestDatabase } from './testing/chdb-client.ts';

let database: TestDatabase;
before(async () => {
  database = await openTestDatabase();
});
after(() => database.close());

const options = { database: 'smart', ttlDays: 7 };

test('a fresh database gets the newest version, a second run changes nothing', async () => {
  const { client } = database;
  assert.equal(await schemaVersionOf(client, options), 0);
  assert.equal(await migrate(client, options), newestVersion);
  const key = await readIdKey(client, options);
  assert.equal(key.length, 16);
  assert.equal(await migrate(client, options), newestVersion);
  assert.deepEqual(await readIdKey(client, options), key);
});

test('a migration that was broken off is run again', async () => {
  const { client } = database;
  const broken = { database: 'broken', ttlDays: 0 };
  await client.command('CREATE DATABASE broken');
  await client.command(createTable(spans, broken)[0]!, {
    settings: { allow_suspicious_low_cardinality_types: 1 },
  });
  assert.equal(await migrate(client, broken), newestVersion);
});

test('spans of version 2 get the column that later versions have', async () => {
  const { client } = database;
  const old = { database: 'version2', ttlDays: 0 };
  await migrate(client, old);
  await client.command('ALTER TABLE version2.spans DROP COLUMN rare');
  await client.command('TRUNCATE TABLE version2.schema_version');
  await client.command('INSERT INTO version2.schema_version (version) VALUES (2)');
  await client.command(`INSERT INTO version2.spans (bucket, trace_id, span_id, time, trace_state)
    VALUES (0, '1', 'a', 0, ''), (0, '1', 'b', 0, 'x=y')`);
  assert.equal(await migrate(client, old), newestVersion);
  const sql = 'SELECT toString(span_id) AS id, rare FROM version2.spans ORDER BY id';
  const rows = await rowsOf<{ id: string; rare: number }>(client, sql);
  assert.deepEqual(
    rows.map(({ rare }) => rare),
    [0, 1],
  );
});

test('spans of version 4 are found by the projection of later versions', async () => {
  const { client } = database;
  const old = { database: 'version4', ttlDays: 0 };
  await migrate(client, old);
  const alter = (what: string) => client.command(`ALTER TABLE version4.spans ${what}`);
  await alter('DROP PROJECTION places');
  const key = 'reinterpretAsUInt64(substring(trace_id, 9, 8))';
  await alter(`ADD PROJECTION locator
    (SELECT ${key} AS key, min(bucket), max(bucket) GROUP BY key)`);
  await client.command('DELETE FROM version4.schema_version WHERE version > 4');
  await client.command(`INSERT INTO version4.spans (bucket, trace_id, span_id)
    VALUES (20, '0123456789abcdef', 'a'), (20, '0123456789abcdef', 'b'),
      (30, '0123456789abcdef', 'c')`);
  assert.equal(await placesComplete(client, 'version4', Date.now)(), false);
  assert.equal(await migrate(client, old), newestVersion);
  const complete = placesComplete(client, 'version4', () => performance.now() * 1e6);
  await until(complete, 'all parts have the projection');
  const sql = `SELECT toUnixTimestamp(bucket) AS at
    FROM mergeTreeProjection('version4', 'spans', 'places') ORDER BY at`;
  assert.deepEqual(await rowsOf(client, sql), [{ at: 20 }, { at: 30 }]);
  const projections = `SELECT name FROM system.projections
    WHERE database = 'version4' ORDER BY name`;
  assert.deepEqual(await rowsOf(client, projections), [{ name: 'places' }, { name: 'red' }]);
});

test('a schema newer than the program is refused', async () => {
  const { client } = database;
  await migrate(client, { database: 'future', ttlDays: 0 });
  await client.command('INSERT INTO future.schema_version (version) VALUES (999)');
  await assert.rejects(migrate(client, { database: 'future', ttlDays: 0 }), /version 999/);
});

test('edges: parent and child in different services, once however often it runs', async () => {
  const { client } = database;
  const db = { database: 'edges', ttlDays: 0 };
  await migrate(client, db);
  const start = Date.UTC(2026, 0, 5, 10, 0, 0) / 1000;
  const span = (id: number, parent: number, service: string, second: number, status = 0) =>
    `(toDateTime(${start + second - (second % 300)}, 'UTC'), 1, unhex('${'ab'.repeat(16)}'),
      unhex('${id.toString(16).padStart(16, '0')}'),
      unhex('${parent.toString(16).padStart(16, '0')}'),
      toDateTime64(${start + second}, 9, 'UTC'), 1000, '${service}', ${status})`;
  const insert = (rows: string[]) =>
    client.command(`INSERT INTO edges.spans (bucket, batch, trace_id, span_id, parent_span_id,
      time, duration, service, status_code) VALUES ${rows.join(', ')}`);
  await insert([
    span(1, 0, 'web', 290),
    span(2, 1, 'web', 291),
    span(3, 2, 'api', 292),
    span(4, 2, 'api', 301, 2),
    span(5, 4, 'db', 302),
  ]);
  await client.command(edgesStatement(db, start + 240, start + 360));
  await client.command(edgesStatement(db, start + 240, start + 360));
  await insert([span(6, 3, 'db', 303)]);
  await client.command(edgesStatement(db, start + 240, start + 360));
  const rows = await rowsOf(
    client,
    `SELECT toUnixTimestamp(minute) - ${start} AS at, client, server, calls, errors, duration_sum
      FROM edges.service_edges FINAL ORDER BY at, client, server`,
  );
  assert.deepEqual(rows, [
    { at: '240', client: 'web', server: 'api', calls: '1', errors: '0', duration_sum: '1000' },
    { at: '300', client: 'api', server: 'db', calls: '2', errors: '0', duration_sum: '2000' },
    { at: '300', client: 'web', server: 'api', calls: '1', errors: '1', duration_sum: '1000' },
  ]);
});

test('requests, errors and durations come out of the projection, equal to a recount', async () => {
  const { client } = database;
  const db = { database: 'red', ttlDays: 0 };
  await migrate(client, db);
  const start = Date.UTC(2026, 0, 5, 10, 0, 0) / 1000;
  await client.command(`INSERT INTO red.spans (bucket, trace_id, time, duration, service, name,
      kind, status_code)
    SELECT toStartOfMinute(time), toFixedString(toString(number), 16),
      toDateTime64(${start}, 9, 'UTC') + toIntervalSecond(number % 200) AS time,
      toInt64(number * number) - 5, toString(number % 3), toString(number % 5), number % 6,
      number % 7 = 0 ? 2 : 0
    FROM numbers(5000)`);
  const sql = redStatement(db, start, start + 120);
  const plan = await client.query(`EXPLAIN indexes = 1 ${sql}`, { format: 'TSVRaw' });
  assert.match(new TextDecoder().decode(plan), /ReadFromMergeTree \(red\)/);
  const sorted = (settings: string) =>
    rowsOf(client, `SELECT * FROM (${sql}) ORDER BY ALL SETTINGS ${settings}`);
  const fromProjection = await sorted('optimize_use_projections = 1');
  assert.deepEqual(fromProjection, await sorted('optimize_use_projections = 0'));
  const calls = fromProjection.map((row) => Number((row as { calls: string }).calls));
  assert.equal(
    calls.reduce((sum, n) => sum + n),
    3_000,
  );
});

test('on a cluster each table is a replicated one under a distributed one', () => {
  const [local, distributed] = createTable(spans, { database: 'd', ttlDays: 3, cluster: "c'1" });
  assert.match(local!, /^CREATE TABLE IF NOT EXISTS `d`.`spans_local` ON CLUSTER `c'1` \(/);
  assert.match(local!, /ENGINE = ReplicatedMergeTree\n[\s\S]*TTL bucket \+ toIntervalDay\(3\)/);
  const want =
    "CREATE TABLE IF NOT EXISTS `d`.`spans` ON CLUSTER `c'1` AS `d`.`spans_local` " +
    "ENGINE = Distributed('c\\'1', 'd', 'spans_local', cityHash64(trace_id))";
  assert.equal(distributed, want);
});

test('the compatibility view gives contrib names, kinds and text attributes', async () => {
  const { client } = database;
  const db = { database: 'flat', ttlDays: 0 };
  await migrate(client, db);
  await client.command(`INSERT INTO flat.resources (day, id, service, attributes, attributes_other)
    VALUES ('2026-01-05', 7, 'web', map('service.name', 'web'), map('host.cpus', '4'))`);
  await client.command(`INSERT INTO flat.scopes (day, id, name, version)
    VALUES ('2026-01-05', 8, 'lib', '1.2')`);
  await client.command(`INSERT INTO flat.spans (bucket, batch, trace_id, span_id, time, duration,
      service, name, kind, status_code, resource_id, scope_id, attributes_string, attributes_int,
      attributes_bool, attributes_other)
    VALUES ('2026-01-05 10:00:00', 1, unhex('${'ab'.repeat(16)}'), unhex('${'cd'.repeat(8)}'),
      '2026-01-05 10:00:01.000000005', 17, 'web', 'GET /', 2, 2, 7, 8, map('a', 'x'), map('n', 5),
      map('b', true), map('list', '[1,"a"]'))`);
  const rows = await rowsOf(client, 'SELECT * FROM flat.otel_traces');
  assert.deepEqual(rows, [
    {
      Timestamp: '2026-01-05 10:00:01.000000005',
      TraceId: 'ab'.repeat(16),
      SpanId: 'cd'.repeat(8),
      ParentSpanId: '',
      TraceState: '',
      SpanName: 'GET /',
      SpanKind: 'Server',
      ServiceName: 'web',
      ResourceAttributes: { 'service.name': 'web', 'host.cpus': '4' },
      ScopeName: 'lib',
      ScopeVersion: '1.2',
      SpanAttributes: { a: 'x', n: '5', b: 'true', list: '[1,"a"]' },
      Duration: '17',
      StatusCode: 'Error',
      StatusMessage: '',
      'Events.Timestamp': [],
      'Events.Name': [],
      'Events.Attributes': [],
      'Links.TraceId': [],
      'Links.SpanId': [],
      'Links.TraceState': [],
      'Links.Attributes': [],
    },
  ]);
});
