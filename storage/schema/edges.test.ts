import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { rowsOf } from '../sql.ts';
import type { StoredResource, StoredSpan } from '../traces/model.ts';
import { insertSpans } from '../traces/testing/insert-spans.ts';
import { edgesStatement } from './edges.ts';
import { migrate } from './migrate.ts';
import { openTestDatabase, type TestDatabase } from './testing/chdb-client.ts';

const start = BigInt(Date.UTC(2026, 0, 5, 10, 0, 0)) * 1_000_000n;

let database: TestDatabase;
before(async () => {
  database = await openTestDatabase();
});
after(() => database.close());

const SERVER = 2;
const CLIENT = 3;
const PRODUCER = 4;
const CONSUMER = 5;

let ids = 0;

/** @param at milliseconds after the start @param source what captured it; '' = an SDK */
function span(service: string, kind: number, at: number, parent?: StoredSpan, source = '') {
  const own = ++ids;
  const text = (key: string, value: string) => ({
    key,
    value: { type: 'string', value } as const,
  });
  const named = text('service.name', service);
  const resource: StoredResource = {
    attributes: source === '' ? [named] : [named, text('wirestitch.capture.source', source)],
    droppedAttributesCount: 0,
    schemaUrl: '',
  };
  const begun = start + BigInt(at) * 1_000_000n;
  const span: StoredSpan = {
    traceId: parent?.traceId ?? own.toString(16).padStart(32, '0'),
    spanId: own.toString(16).padStart(16, '0'),
    parentSpanId: parent?.spanId ?? '',
    ...{ traceState: '', flags: 0, name: 'op', kind, statusCode: 0, statusMessage: '' },
    ...{ startUnixNano: begun, endUnixNano: begun + 1000n, attributes: [], events: [], links: [] },
    ...{ droppedAttributesCount: 0, droppedEventsCount: 0, droppedLinksCount: 0 },
    resource,
    scope: { name: '', version: '', attributes: [], droppedAttributesCount: 0, schemaUrl: '' },
  };
  return span;
}

/** A database that spans are put into, and its edges after minutes were computed one by one. */
async function fresh(name: string) {
  const { client } = database;
  await migrate(client, { database: name, ttlDays: 0 });
  const from = Number(start / 1_000_000_000n);
  return async (spans: readonly StoredSpan[]) => {
    await insertSpans(client, name, spans);
    for (const minute of [from, from + 60]) {
      await client.command(edgesStatement({ database: name }, minute, minute + 60));
    }
    type Row = { at: string; client: string; server: string; calls: string; counted: string };
    const rows = await rowsOf<Row>(
      client,
      `SELECT toUnixTimestamp(minute) - ${from} AS at, client, server, calls,
        arraySum(mapValues(duration_bands)) AS counted
      FROM ${name}.service_edges FINAL WHERE calls > 0 ORDER BY ALL`,
    );
    return rows.map(({ at, client, server, calls, counted }) => {
      assert.equal(counted, calls);
      return `${at} ${client} -> ${server} ${calls}`;
    });
  };
}

test('a call that an SDK and captures saw is one call, under the name of the SDK', async () => {
  const edges = await fresh('both');
  const call = span('web', CLIENT, 100);
  assert.deepEqual(
    await edges([
      call,
      span('web', CLIENT, 101, call, 'ebpf'),
      span('10.0.0.1', CLIENT, 102, call, 'packet'),
      span('10.0.0.2:80', SERVER, 103, call, 'packet'),
      span('api', SERVER, 104, call, 'ebpf'),
      span('api', SERVER, 105, call),
    ]),
    ['0 web -> api 1'],
  );
});

test('a call that only captures saw is one call', async () => {
  const edges = await fresh('captured');
  const [one, two] = [span('web', CLIENT, 100), span('web', CLIENT, 200)];
  const seen = (call: StoredSpan, at: number) =>
    ['packet', 'ebpf'].map((source) => span('api', SERVER, at, call, source));
  assert.deepEqual(await edges([one, two, ...seen(one, 101), ...seen(two, 201)]), [
    '0 web -> api 2',
  ]);
});

test("what the server's SDK sends late takes the place of what was captured", async () => {
  const edges = await fresh('late');
  const call = span('web', CLIENT, 100);
  const seen = span('10.0.0.2:80', SERVER, 101, call, 'packet');
  assert.deepEqual(await edges([call, seen]), ['0 web -> 10.0.0.2:80 1']);
  assert.deepEqual(await edges([span('api', SERVER, 102, call)]), ['0 web -> api 1']);
});

test('a call at the turn of a minute is in one of them', async () => {
  const edges = await fresh('turn');
  const call = span('web', CLIENT, 59_990);
  const seen = span('api', SERVER, 59_999, call, 'ebpf');
  assert.deepEqual(await edges([call, seen, span('api', SERVER, 60_001, call)]), [
    '60 web -> api 1',
  ]);
});

test('all that one span called counts, each to its own service', async () => {
  const edges = await fresh('many');
  const sent = span('shop', PRODUCER, 100);
  const entry = span('web', SERVER, 300);
  assert.deepEqual(
    await edges([
      sent,
      span('mail', CONSUMER, 200, sent),
      span('stock', CONSUMER, 210, sent),
      span('stock', CONSUMER, 220, sent),
      entry,
      span('old', SERVER, 301, entry),
      span('old', SERVER, 302, entry),
    ]),
    ['0 shop -> mail 1', '0 shop -> stock 2', '0 web -> old 2'],
  );
});
