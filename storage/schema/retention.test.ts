import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { rowsOf } from '../sql.ts';
import { migrate } from './migrate.ts';
import { keepFor } from './retention.ts';
import { openTestDatabase, type TestDatabase } from './testing/chdb-client.ts';
import { changeTtls, interval, parseTtl, readTtls, ttlText } from './ttl.ts';

let database: TestDatabase;
before(async () => {
  database = await openTestDatabase();
});
after(() => database.close());

const DAY = 86_400;

/** Days by table; tables that keep rows for ever are left out. */
async function daysOf(name: string): Promise<Record<string, number>> {
  const sql = `SELECT name FROM system.tables WHERE database = '${name}'`;
  const names = await rowsOf<{ name: string }>(database.client, sql);
  const found = await readTtls(
    database.client,
    { database: name },
    names.map((row) => row.name),
  );
  const days = [...found].map(([table, { seconds }]) => [table, seconds / DAY] as const);
  return Object.fromEntries(days.filter(([, count]) => count > 0).sort());
}

async function fresh(name: string): Promise<{ readonly database: string }> {
  await migrate(database.client, { database: name, ttlDays: 0 });
  return { database: name };
}

const traces = (days: number) => ({
  operations: days,
  service_edges: days,
  spans: days,
  trace_alias: days,
});
const shared = (days: number) => ({ resources: days, scopes: days });
const metrics = (days: number) => ({
  metric_exemplars: days,
  metric_histograms: days,
  metric_samples: days,
  metric_series: days,
});

test('each signal has its own time, dictionaries the longest', async () => {
  const { client } = database;
  const place = await fresh('signals');
  await keepFor(client, place, 'traces', 3);
  assert.deepEqual(await daysOf('signals'), { ...traces(3), ...shared(3) });
  await keepFor(client, place, 'metrics', 30);
  assert.deepEqual(await daysOf('signals'), { ...metrics(30), ...traces(3), ...shared(30) });
  await keepFor(client, place, 'traces', 3);
  assert.deepEqual(await daysOf('signals'), { ...metrics(30), ...traces(3), ...shared(30) });
  await keepFor(client, place, 'metrics', 1);
  assert.deepEqual(await daysOf('signals'), { ...metrics(1), ...traces(3), ...shared(3) });
  await keepFor(client, place, 'metrics', 0);
  assert.deepEqual(await daysOf('signals'), traces(3));
});

test('a signal without a time of its own keeps the dictionaries, and what its tables have', async () => {
  const { client } = database;
  const place = await fresh('absent');
  await keepFor(client, place, 'traces', 3);
  await keepFor(client, place, 'logs', undefined);
  assert.deepEqual(await daysOf('absent'), traces(3));
  const same = await keepFor(client, place, 'traces', undefined);
  assert.deepEqual(same, { changed: [], left: [] });
  assert.deepEqual(await daysOf('absent'), traces(3));
});

test('rows of a signal that no program of now noted keep their dictionaries', async () => {
  const { client } = database;
  await migrate(client, { database: 'older', ttlDays: 9 });
  await client.command("INSERT INTO older.logs (bucket, body) VALUES (now(), 'x')");
  await keepFor(client, { database: 'older' }, 'traces', 3);
  const days = await daysOf('older');
  assert.deepEqual([days.spans, days.logs, days.resources], [3, 9, 9]);
});

test('two at once for two signals end with the longer one', async () => {
  const { client } = database;
  const place = await fresh('both');
  await Promise.all([keepFor(client, place, 'traces', 3), keepFor(client, place, 'logs', 8)]);
  const days = await daysOf('both');
  assert.deepEqual([days.spans, days.logs, days.scopes], [3, 8, 8]);
});

test('a change tells what was before', async () => {
  const place = await fresh('told');
  const first = await keepFor(database.client, place, 'logs', 1);
  assert.ok(first.changed.includes('logs (for ever)'), String(first.changed));
  const second = await keepFor(database.client, place, 'logs', 2);
  assert.ok(second.changed.includes('logs (1 day)'), String(second.changed));
  assert.ok(second.changed.includes('resources (1 day)'), String(second.changed));
});

test('rules that do more than to remove old rows stay', async () => {
  const { client } = database;
  await client.command('CREATE DATABASE rules');
  const make = (name: string, ttl: string) =>
    client.command(`CREATE TABLE rules.${name} (t DateTime, v UInt64, k UInt64) ENGINE = MergeTree
      ORDER BY (k, t) TTL ${ttl}`);
  await make('plain', 't + INTERVAL 36 HOUR');
  await make('week', 'toDateTime(t) + toIntervalWeek(2)');
  await make('where_', 't + INTERVAL 1 DAY DELETE WHERE v = 0');
  await make('grouped', 't + INTERVAL 1 DAY GROUP BY k SET v = sum(v)');
  await make('packed', 't + INTERVAL 1 DAY RECOMPRESS CODEC(ZSTD(9))');
  await make('two', 't + INTERVAL 1 DAY DELETE WHERE v = 1, t + INTERVAL 2 DAY');
  await make('half', 't + INTERVAL 1 MONTH');
  const names = ['plain', 'week', 'where_', 'grouped', 'packed', 'two', 'half', 'none_such'];
  const wanted = names.map((table) => ({ table, from: 't', seconds: 10 * DAY }));
  const report = await changeTtls(client, { database: 'rules' }, wanted);
  assert.deepEqual(report.left, ['where_', 'grouped', 'packed', 'two', 'half']);
  assert.deepEqual(report.changed, ['plain (36 hours)', 'week (14 days)']);
  const found = await readTtls(client, { database: 'rules' }, names);
  assert.equal(found.get('plain')?.text, 't + toIntervalDay(10)');
  assert.equal(found.get('week')?.text, 'toDateTime(t) + toIntervalDay(10)');
  assert.ok(found.get('week')?.recalculates);
});

test('rules out of the text of an engine', () => {
  const none = { text: '', from: '', seconds: 0, recalculates: false };
  assert.deepEqual(parseTtl('MergeTree ORDER BY x'), none);
  assert.deepEqual(parseTtl('MergeTree ORDER BY x SETTINGS a = 1'), none);
  assert.deepEqual(
    parseTtl('MergeTree ORDER BY x TTL d + toIntervalHour(5) SETTINGS ttl_only_drop_parts = 1'),
    { text: 'd + toIntervalHour(5)', from: 'd', seconds: 18_000, recalculates: false },
  );
  assert.equal(interval(5_400), 'toIntervalMinute(90)');
  assert.equal(ttlText(DAY), '1 day');
});
