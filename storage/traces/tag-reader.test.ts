import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { migrate } from '../schema/migrate.ts';
import { openTestDatabase, type TestDatabase } from '../schema/testing/chdb-client.ts';
import type { SqlClient } from '../sql.ts';
import type { AttributeValue, KeyValue, StoredSpan } from './model.ts';
import { createOtelTags } from './otel-tags.ts';
import { createSmartTags } from './smart-tags.ts';
import type { TagReader, TagScope } from './tag-reader.ts';
import { insertSpans } from './testing/insert-spans.ts';

const baseNs = BigInt(Date.UTC(2026, 0, 5, 10, 0, 0)) * 1_000_000n;
const second = 1_000_000_000n;
const now = () => Date.UTC(2026, 0, 5, 12, 0, 0);

const text = (value: string): AttributeValue => ({ type: 'string', value });
const pairs = (entries: Record<string, AttributeValue>): KeyValue[] =>
  Object.entries(entries).map(([key, value]) => ({ key, value }));

function spanOf(i: number): StoredSpan {
  const startUnixNano = baseNs + BigInt(i) * second;
  const web = i % 4 !== 0;
  const attributes = pairs({
    'http.route': text(`/r${i % 3}`),
    'http.status_code': { type: 'int', value: i % 5 === 0 ? 500n : 200n },
    flag: { type: 'bool', value: true },
    ...(i === 7 ? { long: text('y'.repeat(2_000)), '#': text('#'), '': text('') } : {}),
  });
  const event = {
    timeUnixNano: startUnixNano,
    name: 'boom',
    attributes: pairs({ 'exception.type': text('E') }),
    droppedAttributesCount: 0,
  };
  const counts = { droppedAttributesCount: 0, schemaUrl: '' };
  const service = web ? 'web' : 'api';
  return {
    traceId: (i + 1).toString(16).padStart(32, '0'),
    spanId: (i + 1).toString(16).padStart(16, '0'),
    parentSpanId: '',
    traceState: '',
    flags: 0,
    name: `op${i % 2}`,
    kind: 2,
    startUnixNano,
    endUnixNano: startUnixNano + 5n,
    attributes,
    droppedAttributesCount: 0,
    events: i % 10 === 0 ? [event] : [],
    droppedEventsCount: 0,
    links: [],
    droppedLinksCount: 0,
    statusCode: 0,
    statusMessage: '',
    resource: {
      attributes: pairs({ 'service.name': text(service), pod: text(`${service}-${i % 2}`) }),
      ...counts,
    },
    scope: { name: 'lib', version: '1', attributes: pairs({ sc: text('v') }), ...counts },
  };
}

const scope: TagScope = { services: [], startNs: baseNs, endNs: baseNs + 3_600n * second };

let database: TestDatabase;
let smart: TagReader;
let otel: TagReader;
before(async () => {
  database = await openTestDatabase();
  const { client } = database;
  await migrate(client, { database: 'tags', ttlDays: 0 });
  await insertSpans(
    client,
    'tags',
    Array.from({ length: 40 }, (_, i) => spanOf(i)),
  );
  await client.command(`INSERT INTO tags.resources (day, id, service, attributes)
    VALUES ('2026-01-05', 1, 'web', map('pod', 'web-old', 'zone', 'z1')),
      ('2025-12-01', 2, 'web', map('pod', 'web-of-december'))`);
  smart = createSmartTags({ client, database: 'tags', now });
  otel = createOtelTags({ client, database: 'tags', now });
});
after(() => database.close());

test('keys of spans, events, resources and scopes with how many spans have them', async () => {
  for (const reader of [smart, otel]) {
    const { keys, sampledSpans } = await reader.keys(scope);
    assert.equal(sampledSpans, 40);
    const key = (name: string) => keys.find((one) => one.key === name);
    const isSmart = reader === smart;
    assert.deepEqual(key('http.route'), { key: 'http.route', places: ['span'], spans: 40 });
    assert.deepEqual(key('exception.type'), { key: 'exception.type', places: ['event'], spans: 4 });
    assert.deepEqual(key('pod'), { key: 'pod', places: ['resource'], spans: 40 });
    assert.deepEqual(key('#'), { key: '#', places: ['span'], spans: 1 });
    assert.deepEqual(key(''), { key: '', places: ['span'], spans: 1 });
    assert.deepEqual(key('sc'), isSmart ? { key: 'sc', places: ['scope'], spans: 40 } : undefined);
    assert.deepEqual(key('span.kind'), { key: 'span.kind', places: ['field'], spans: 0 });
    assert.deepEqual(
      keys.map(({ spans }) => spans),
      keys.map(({ spans }) => spans).sort((a, b) => b - a),
    );
    const api = await reader.keys({ ...scope, services: ['api'] });
    assert.equal(api.sampledSpans, 10);
    const early = { ...scope, startNs: baseNs - 600n * second, endNs: baseNs + second };
    assert.equal((await reader.keys(early)).sampledSpans, 2);
  }
});

test('values, those that begin with the text first, then the most frequent', async () => {
  for (const reader of [smart, otel]) {
    const values = async (key: string, part = '', services: string[] = []) => {
      const answer = await reader.values(key, { ...scope, services }, part);
      assert.equal(answer.truncated, false);
      return answer.values.map(({ value, spans }) => `${value} ${spans}`);
    };
    assert.deepEqual(await values('http.status_code'), ['200 32', '500 8']);
    assert.deepEqual(await values('http.status_code', '5'), ['500 8']);
    assert.deepEqual(await values('http.status_code', '', ['api']), ['200 8', '500 2']);
    assert.deepEqual(await values('http.route', 'R1'), ['/r1 13']);
    assert.deepEqual(await values('flag'), ['true 40']);
    assert.deepEqual(await values('event'), ['boom 4']);
    assert.deepEqual(await values('span.name', 'op'), ['op0 20', 'op1 20']);
    assert.deepEqual(await values('service.name'), ['web 30', 'api 10']);
    assert.deepEqual(await values('span.kind', 'serv'), ['server 40']);
    assert.deepEqual(await values('error', 't'), ['true 0']);
    assert.deepEqual(await values('otel.scope.name'), ['lib 40']);
    assert.deepEqual(await values('long'), []);
    assert.deepEqual(await values('#'), ['# 1']);
    assert.deepEqual(await values('absent'), []);
  }
});

test('values of resources come from the dictionary of the days, too', async () => {
  const pods = async (part: string, services: string[] = []) =>
    (await smart.values('pod', { ...scope, services }, part)).values.map((v) => v.value);
  assert.deepEqual(await pods(''), ['web-1', 'api-0', 'web-0', 'web-old'].sort(byCount));
  assert.deepEqual(await pods('OLD'), ['web-old']);
  assert.deepEqual(await pods('', ['api']), ['api-0']);
  assert.deepEqual((await smart.values('zone', scope, '')).values, [{ value: 'z1', spans: 0 }]);
});

const counts: Readonly<Record<string, number>> = { 'web-1': 20, 'api-0': 10, 'web-0': 10 };
function byCount(a: string, b: string): number {
  return (counts[b] ?? 0) - (counts[a] ?? 0) || (a < b ? -1 : 1);
}

test('who asks the same within seconds shares one answer; a failure is not kept', async () => {
  const { client } = database;
  let statements = 0;
  let fail = true;
  const counting: SqlClient = {
    ...client,
    query: (sql, options) => {
      statements++;
      return fail ? Promise.reject(new Error('down')) : client.query(sql, options);
    },
  };
  let time = now();
  const reader = createSmartTags({ client: counting, database: 'tags', now: () => time });
  await assert.rejects(reader.keys(scope), { name: 'ReadError' });
  fail = false;
  await Promise.all([reader.keys(scope), reader.keys(scope)]);
  const once = statements;
  await reader.keys({ ...scope, endNs: scope.endNs + second });
  assert.equal(statements, once);
  time += 20_000;
  await reader.keys(scope);
  assert.ok(statements > once);
});

test('tables that nobody made hold nothing', async () => {
  const { client } = database;
  const options = { client, database: 'nowhere', now };
  for (const reader of [createSmartTags(options), createOtelTags(options)]) {
    assert.deepEqual((await reader.keys(scope)).keys, []);
    assert.deepEqual((await reader.values('a', scope, '')).values, []);
  }
});
