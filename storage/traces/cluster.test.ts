import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { migrate } from '../schema/migrate.ts';
import { writeSettings } from '../schema/table.ts';
import { openTestCluster, type TestCluster } from '../schema/testing/cluster.ts';
import type { SqlClient } from '../sql.ts';
import { filterOps, type TraceQuery, type TraceReader } from './reader.ts';
import { createSmartReader } from './smart-reader.ts';
import { createSmartTags } from './smart-tags.ts';
import { insertSpans } from './testing/insert-spans.ts';
import { api, baseNs, second, span, spanId, traceId, web } from './testing/spans.ts';

const place = { database: 'two', cluster: 'two' };
let cluster: TestCluster;
let reader: TraceReader;
before(async () => {
  cluster = await openTestCluster();
  const { client } = cluster;
  await migrate(client, { ...place, ttlDays: 0 });
  const writer: SqlClient = {
    ...client,
    command: (sql) => client.command(sql, { settings: writeSettings(place) }),
  };
  await insertSpans(writer, 'two', [
    span(1, 1, { resource: web, name: 'GET /' }),
    span(1, 2, { resource: api, parentSpanId: spanId(1) }),
    span(2, 3, { resource: api }),
  ]);
  await client.command(
    `INSERT INTO two.trace_alias VALUES
      ('2026-01-05', unhex('${traceId(2)}'), unhex('${traceId(1)}'), 'x_request_id')`,
    { settings: writeSettings(place) },
  );
  reader = createSmartReader({ client, database: 'two', now: () => Number(baseNs / 1_000_000n) });
});
after(() => cluster.close());

const all: TraceQuery = {
  startMinNs: baseNs - 3_600n * second,
  startMaxNs: baseNs + 3_600n * second,
  limit: 100,
};

// Both shards have the same rows, so that everything is there twice.

test('traces are read over tables of several shards, with those that they were joined to', async () => {
  const [trace] = await reader.getTraces([traceId(1)]);
  const { spans } = trace!;
  assert.deepEqual(
    spans.map(({ spanId: id }) => id),
    [1, 1, 2, 2, 3, 3].map(spanId),
  );
  assert.deepEqual([spans[0]!.resource, spans[2]!.resource], [web, api]);
});

test('traces are found and summed up over tables of several shards', async () => {
  const { traces } = await reader.findTraces(all);
  assert.deepEqual(
    traces.map((t) => [t.rootServiceName, t.services.map(({ name }) => name)]),
    [['web', ['api', 'web']]],
  );
  for (const op of filterOps) {
    const filters = [{ key: 'k8s.pod.name', op, value: 'web-1' }];
    await assert.doesNotReject(reader.findTraces({ ...all, filters }), op);
  }
  await cluster.client.command(
    `INSERT INTO two.resources (day, id, service, attributes)
     SELECT '2026-01-05', number + 1000, 'api', map('k8s.pod.name', toString(number))
     FROM numbers(6000)`,
    { settings: writeSettings(place) },
  );
  const filters = [{ key: 'k8s.pod.name', op: '!=' as const, value: 'web-2' }];
  assert.equal((await reader.findTraces({ ...all, filters })).traces.length, 1);
  assert.deepEqual(await reader.services(), ['api', 'web']);
});

test('keys and values of tags are read over tables of several shards', async () => {
  const now = () => Number(baseNs / 1_000_000n);
  const tags = createSmartTags({ client: cluster.client, database: 'two', now });
  const scope = { services: ['web'], startNs: all.startMinNs, endNs: all.startMaxNs };
  const { keys } = await tags.keys(scope);
  assert.ok(keys.some(({ key }) => key === 'k8s.pod.name'));
  const { values } = await tags.values('k8s.pod.name', scope, 'web');
  assert.ok(values.some(({ value }) => value === 'web-1'));
});
