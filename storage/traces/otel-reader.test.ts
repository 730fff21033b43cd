import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { createStatements } from '../otel/ddl.ts';
import { defaultTableNames } from '../otel/names.ts';
import { openTestDatabase, type TestDatabase } from '../schema/testing/chdb-client.ts';
import { checkOtelTable, createOtelReader } from './otel-reader.ts';
import { kindOf, statusOf } from './otel-rows.ts';
import type { TraceQuery, TraceReader } from './reader.ts';

const base = Date.UTC(2026, 0, 5, 10, 0, 0);
const baseNs = BigInt(base) * 1_000_000n;
const second = 1_000_000_000n;
const id = (n: number) => n.toString(16).padStart(32, '0');
const spanId = (n: number) => n.toString(16).padStart(16, '0');

let database: TestDatabase;
let reader: TraceReader;
before(async () => {
  database = await openTestDatabase();
  const { client } = database;
  const options = { database: 'otel', tables: defaultTableNames, ttlSeconds: 0, cluster: '' };
  for (const sql of createStatements({ ...options, engine: 'MergeTree()', withBatch: false })) {
    await client.command(sql);
  }
  const row = (n: number, span: number, parent: number, more: Record<string, string>) => {
    const columns = {
      Timestamp: `toDateTime64('2026-01-05 10:00:00', 9, 'UTC') + toIntervalSecond(${n * 70})`,
      TraceId: `'${id(n)}'`,
      SpanId: `'${spanId(span)}'`,
      ParentSpanId: parent === 0 ? "''" : `'${spanId(parent)}'`,
      SpanName: "'op'",
      SpanKind: "'Server'",
      ServiceName: "'web'",
      Duration: '1000',
      ...more,
    };
    const names = Object.keys(columns).map((c) => `\`${c}\``);
    return client.command(
      `INSERT INTO otel.otel_traces (${names}) VALUES (${Object.values(columns)})`,
    );
  };
  await row(1, 1, 0, {
    TraceState: "'a=1'",
    ResourceAttributes: "map('service.name', 'web', 'pod', 'p1')",
    ScopeName: "'lib'",
    ScopeVersion: "'2'",
    SpanAttributes: "map('k', 'v', 'n', '5', 'empty', '')",
    StatusCode: "'Error'",
    StatusMessage: "'no'",
    'Events.Timestamp': "[toDateTime64('2026-01-05 10:01:11', 9, 'UTC')]",
    'Events.Name': "['boom']",
    'Events.Attributes': "[map('ev', 'x')]",
    'Links.TraceId': `['${id(9)}']`,
    'Links.SpanId': `['${spanId(9)}']`,
    'Links.TraceState': "['s=t']",
    'Links.Attributes': "[map('li', 'y')]",
  });
  await row(1, 2, 1, { ServiceName: "'api'", SpanKind: "'SPAN_KIND_CLIENT'", SpanName: "'get'" });
  await row(2, 3, 0, { Duration: '5000' });
  await row(3, 4, 0, {});
  reader = createOtelReader({ client, database: 'otel', now: () => base });
});
after(() => database.close());

const all: TraceQuery = { startMinNs: baseNs, startMaxNs: baseNs + 3_600n * second, limit: 10 };

async function found(query: Partial<TraceQuery>): Promise<number[]> {
  const { traces } = await reader.findTraces({ ...all, ...query });
  return traces.map((t) => Number.parseInt(t.traceId, 16));
}

test('services, operations, dependencies', async () => {
  assert.deepEqual(await reader.services(), ['api', 'web']);
  assert.deepEqual(await reader.operations('api'), [{ name: 'get', kind: 3 }]);
  assert.deepEqual(await reader.operations('api', 3), [{ name: 'get', kind: 3 }]);
  assert.deepEqual(await reader.operations('api', 2), []);
  assert.deepEqual(await reader.dependencies(all.startMinNs, all.startMaxNs), [
    { parent: 'web', child: 'api', callCount: 1 },
  ]);
});

test('no more spans are read than are taken: several traces not at all, one in part', async () => {
  const one = await reader.getTraces([id(1)]);
  const two = await reader.getTraces([id(1), id(2)]);
  const spans = two.reduce((sum, trace) => sum + trace.spans.length, 0);
  assert.deepEqual(await reader.getTraces([id(1), id(2)], { maxSpans: spans }), two);
  await assert.rejects(reader.getTraces([id(1), id(2)], { maxSpans: spans - 1 }), {
    reason: 'too_broad',
  });
  const most = one[0]!.spans.length;
  const [cut] = await reader.getTraces([id(1)], { maxSpans: most - 1 });
  assert.deepEqual([cut?.spans.length, cut?.truncated], [most - 1, true]);
});

test('a trace comes back with everything that the table has', async () => {
  const text = (value: string) => ({ type: 'string' as const, value });
  const [trace] = await reader.getTraces([id(1), id(77)]);
  assert.deepEqual(trace?.spans[0], {
    traceId: id(1),
    spanId: spanId(1),
    parentSpanId: '',
    traceState: 'a=1',
    flags: 0,
    name: 'op',
    kind: 2,
    startUnixNano: baseNs + 70n * second,
    endUnixNano: baseNs + 70n * second + 1_000n,
    attributes: [
      { key: 'k', value: text('v') },
      { key: 'n', value: text('5') },
      { key: 'empty', value: text('') },
    ],
    droppedAttributesCount: 0,
    events: [
      {
        timeUnixNano: baseNs + 71n * second,
        name: 'boom',
        attributes: [{ key: 'ev', value: text('x') }],
        droppedAttributesCount: 0,
      },
    ],
    droppedEventsCount: 0,
    links: [
      {
        traceId: id(9),
        spanId: spanId(9),
        traceState: 's=t',
        attributes: [{ key: 'li', value: text('y') }],
        droppedAttributesCount: 0,
        flags: 0,
      },
    ],
    droppedLinksCount: 0,
    statusCode: 2,
    statusMessage: 'no',
    resource: {
      attributes: [
        { key: 'service.name', value: text('web') },
        { key: 'pod', value: text('p1') },
      ],
      droppedAttributesCount: 0,
      schemaUrl: '',
    },
    scope: { name: 'lib', version: '2', attributes: [], droppedAttributesCount: 0, schemaUrl: '' },
  });
  assert.equal(trace?.spans.length, 2);
});

test('search: newest first, every condition, every place of a tag', async () => {
  assert.deepEqual(await found({}), [3, 2, 1]);
  assert.deepEqual(await found({ limit: 2 }), [3, 2]);
  assert.equal((await reader.findTraces({ ...all, limit: 2 })).truncated, true);
  assert.equal((await reader.findTraces({ ...all, limit: 3 })).truncated, false);
  assert.deepEqual(await found({ service: 'api' }), [1]);
  assert.deepEqual(await found({ service: 'web', operation: 'op' }), [3, 2, 1]);
  assert.deepEqual(await found({ minDurationNs: 2_000n }), [2]);
  assert.deepEqual(await found({ maxDurationNs: 2_000n }), [3, 1]);
  assert.deepEqual(await found({ startMaxNs: baseNs + 100n * second }), [1]);
  const tags: [string, string][] = [
    ['k', 'v'],
    ['n', '5'],
    ['empty', ''],
    ['pod', 'p1'],
    ['ev', 'x'],
    ['li', 'y'],
    ['event', 'boom'],
    ['error', 'true'],
    ['otel.status_code', 'ERROR'],
    ['otel.scope.name', 'lib'],
  ];
  for (const tag of tags) assert.deepEqual(await found({ tags: [tag] }), [1], String(tag));
  assert.deepEqual(await found({ tags }), [1]);
  assert.deepEqual(await found({ tags: [['k', "v'"]] }), []);
  assert.deepEqual(await found({ tags: [['span.kind', 'client']] }), [1]);
});

test('names of kinds and status codes of older and newer writers', () => {
  assert.deepEqual(['Server', 'SPAN_KIND_SERVER', 'odd', ''].map(kindOf), [2, 2, 0, 0]);
  assert.deepEqual(['Error', 'STATUS_CODE_ERROR', 'Ok', 'odd'].map(statusOf), [2, 2, 1, 0]);
});

test('a table with attributes as JSON is told at start; what is away is not', async () => {
  const { client } = database;
  await client.command(`CREATE TABLE otel.json_traces (Timestamp DateTime64(9), TraceId String,
    ResourceAttributes Map(String, String), SpanAttributes JSON)
    ENGINE = MergeTree ORDER BY TraceId`);
  await assert.rejects(
    checkOtelTable(client, { database: 'otel', table: 'json_traces' }),
    /cannot read traces out of table json_traces of database "otel": its column SpanAttributes/,
  );
  await checkOtelTable(client, { database: 'otel' });
  await checkOtelTable(client, { database: 'otel', table: 'none_such' });
});
