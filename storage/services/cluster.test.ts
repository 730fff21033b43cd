import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { migrate } from '../schema/migrate.ts';
import { writeSettings } from '../schema/table.ts';
import { openTestCluster, type TestCluster } from '../schema/testing/cluster.ts';
import { insertSpans } from '../traces/testing/insert-spans.ts';
import { api, baseNs, resource, second, span, spanId, text, web } from '../traces/testing/spans.ts';
import { createServiceReader } from './smart-reader.ts';
import { stepWindow } from './window.ts';

let cluster: TestCluster;
before(async () => {
  cluster = await openTestCluster();
});
after(() => cluster.close());

test('services and who calls whom are read over tables of several shards', async () => {
  const { client } = cluster;
  const place = { database: 'two', cluster: 'two' };
  const settings = writeSettings(place);
  await migrate(client, { ...place, ttlDays: 0 });
  const writer = { ...client, command: (sql: string) => client.command(sql, { settings }) };
  const captured = resource('shop', { 'wirestitch.capture.source': text('packet') });
  const call = { key: 'db.system.name', value: text('postgresql') };
  const from = { key: 'client.address', value: text('10.0.0.9') };
  await insertSpans(writer, 'two', [
    span(1, 1, { resource: web, kind: 3 }),
    span(1, 2, { resource: api, kind: 2, parentSpanId: spanId(1) }),
    span(1, 3, { resource: api, kind: 3, attributes: [call] }),
    span(2, 4, { resource: captured, kind: 2, attributes: [from] }),
  ]);
  const nowMs = Number(baseNs / 1_000_000n) + 600_000;
  const reader = createServiceReader({ client, database: 'two', now: () => nowMs });
  const window = stepWindow(baseNs, baseNs + 600n * second, nowMs);
  const graph = await reader.graph(window);
  const arrows = graph.edges.map(({ from, to }) => `${from} ${to}`);
  assert.ok(arrows.includes('service:web service:api'), arrows.join());
  assert.ok(
    arrows.some((arrow) => arrow.startsWith('service:api database:')),
    arrows.join(),
  );
  assert.deepEqual(graph.notes, []);
  const names = graph.nodes.map(({ name }) => name);
  assert.ok(names.includes('shop'), names.join());
  for (const service of ['web', 'api', 'shop']) {
    assert.equal((await reader.operations(service, window)).operations.length > 0, true, service);
  }
});
