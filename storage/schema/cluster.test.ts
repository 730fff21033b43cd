import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { rowsOf, SqlError } from '../sql.ts';
import { edgesStatement } from './edges.ts';
import { migrate, newestVersion, readIdKey } from './migrate.ts';
import { keepFor } from './retention.ts';
import { writeSettings } from './table.ts';
import { openTestCluster, type TestCluster } from './testing/cluster.ts';
import { readTtls } from './ttl.ts';

let cluster: TestCluster;
before(async () => {
  cluster = await openTestCluster();
});
after(() => cluster.close());

const one = { database: 'one', cluster: 'one', ttlDays: 0 };
const two = { database: 'two', cluster: 'two', ttlDays: 0 };

const countOf = async (sql: string): Promise<number> =>
  Number((await rowsOf<{ n: string }>(cluster.client, sql))[0]!.n);

test('on a cluster the schema is made, and written through Distributed tables at once', async () => {
  const { client, statements } = cluster;
  assert.equal(await migrate(client, one), newestVersion);
  assert.equal((await readIdKey(client, one)).length, 16);
  assert.equal(await migrate(client, one), newestVersion);
  assert.equal(await countOf("SELECT count() AS n FROM one.settings WHERE name = 'id_key'"), 1);
  const waits = statements.filter((sql) => sql.startsWith('SYSTEM SYNC REPLICA'));
  const wait = 'SYSTEM SYNC REPLICA ON CLUSTER `one` `one`.`settings_local` LIGHTWEIGHT';
  assert.deepEqual([...new Set(waits)], [wait]);
  for (const sql of statements) {
    if (!/^(CREATE|ALTER)/.test(sql)) continue;
    assert.match(sql, / ON CLUSTER `one`/);
  }
});

test('TTL is changed on the tables that hold the rows', async () => {
  const { client, statements } = cluster;
  statements.length = 0;
  await keepFor(client, { database: 'one', cluster: 'one' }, 'traces', 5);
  const found = await readTtls(client, one, ['spans', 'spans_local', 'resources_local']);
  assert.deepEqual([...found].map(([name, { seconds }]) => [name, seconds / 86_400]).sort(), [
    ['resources_local', 5],
    ['spans_local', 5],
  ]);
  const alter = 'ALTER TABLE `one`.`spans_local` ON CLUSTER `one` MODIFY TTL';
  assert.ok(statements.some((sql) => sql.startsWith(alter)));
  assert.equal(await countOf("SELECT count() AS n FROM one.settings WHERE value = '5'"), 1);
});

const views = [
  'otel_traces',
  'otel_logs',
  'otel_metrics_gauge',
  'otel_metrics_sum',
  'otel_metrics_histogram',
  'otel_metrics_exp_histogram',
  'otel_metrics_summary',
];

test('views over tables of several shards can be read', async () => {
  const { client } = cluster;
  await migrate(client, two);
  const settings = writeSettings(two);
  await client.command(
    `INSERT INTO two.resources (day, id, service, attributes)
      VALUES (today(), 7, 'web', map('service.name', 'web'))`,
    { settings },
  );
  await client.command(
    "INSERT INTO two.spans (bucket, time, service, resource_id) VALUES (now(), now(), 'web', 7)",
    { settings },
  );
  for (const view of views) {
    const rows = await countOf(`SELECT count() AS n FROM two.${view}`);
    // The one span is read once from either shard.
    assert.equal(rows, view === 'otel_traces' ? 2 : 0, view);
  }
  const sql = 'SELECT ResourceAttributes AS a FROM two.otel_traces LIMIT 1';
  assert.deepEqual(await rowsOf(client, sql), [{ a: { 'service.name': 'web' } }]);
});

test('views of an earlier program are made anew', async () => {
  const { client } = cluster;
  const old = (
    await rowsOf<{ q: string }>(
      client,
      "SELECT create_table_query AS q FROM system.tables WHERE database = 'two' AND name = 'otel_logs'",
    )
  )[0]!.q;
  const before = old.replace(/^CREATE VIEW/, 'CREATE OR REPLACE VIEW').replaceAll('GLOBAL ', '');
  await client.command(before);
  await assert.rejects(
    countOf('SELECT count() AS n FROM two.otel_logs'),
    (error) => error instanceof SqlError && error.code === 288,
  );
  await migrate(client, two);
  assert.equal(await countOf('SELECT count() AS n FROM two.otel_logs'), 0);
});

test('edges are computed over tables of several shards', async () => {
  const { client } = cluster;
  const settings = writeSettings(two);
  await client.command(edgesStatement(two, 1_790_000_040, 1_790_000_100), { settings });
  assert.equal(await countOf('SELECT count() AS n FROM two.service_edges'), 0);
});
