import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { migrate, readIdKey } from '../../storage/schema/migrate.ts';
import { writeSettings } from '../../storage/schema/table.ts';
import { openTestCluster, type TestCluster } from '../../storage/schema/testing/cluster.ts';
import { rowsOf } from '../../storage/sql.ts';
import { fakeClock } from '../../testing/clock.ts';
import { numberedSpans, range } from '../../testing/spans.ts';
import { SmartSpansEncoder } from '../../wire/clickhouse/smart/spans.ts';
import { WrittenRows } from '../../wire/clickhouse/smart/written-rows.ts';
import { sendBatch } from './insert.ts';
import { newBatch, type SealedBlock } from './sealed-batch.ts';
import { fakeForEach, first } from './testing/each.ts';
import { startedBackend } from './testing/started.ts';

const again = { ...first, number: 2, previousUnknown: true };

describe('statements that a cluster is given', () => {
  const fake = fakeForEach();

  const backendOf = (given: object) => startedBackend('traces', { endpoint: fake.url, ...given });

  test('an INSERT is acknowledged by the shards; what a failed one left is settled on all nodes', async () => {
    const backend = await backendOf({ cluster_name: 'c' });
    const sealed = await backend.seal([numberedSpans(range(1, 10))], Date.now());
    fake.server.fates.push('stored', 'stored', 'stored', 'half stored, no answer');
    await assert.rejects(backend.send(sealed, first));
    fake.server.statements.length = 0;
    await backend.send(sealed, again);
    assert.equal(fake.server.rowsOf('spans'), 10);
    for (const settings of fake.server.insertSettings) {
      assert.equal(settings.get('insert_distributed_sync'), '1');
    }
    const said = fake.server.statements.map((sql) =>
      sql.replace(/\d{6,}|'wirestitch-\w+-3'/g, 'N'),
    );
    const where = /WHERE batch = N AND toDate\(bucket\) = toDate\(\d+\)/;
    assert.equal(said[0], 'KILL QUERY ON CLUSTER `c` WHERE initial_query_id = N SYNC');
    assert.equal(said[1], 'SYSTEM SYNC REPLICA ON CLUSTER `c` `default`.`spans_local` LIGHTWEIGHT');
    assert.match(said[2]!, /^SELECT count\(\) AS rows FROM `default`\.`spans` WHERE/);
    assert.match(said[2]!, where);
    assert.match(said[3]!, /^ALTER TABLE `default`\.`spans_local` ON CLUSTER `c` DELETE WHERE/);
    assert.match(said[3]!, where);
    assert.equal(said.length, 4);
    await backend.shutdown();
  });

  test('durability power is asked of the tables that hold the rows', async () => {
    const backend = await backendOf({ cluster_name: 'c', durability: 'power' });
    const changed = fake.server.statements.filter((sql) => sql.includes('MODIFY SETTING'));
    assert.ok(changed.length > 0);
    for (const sql of changed)
      assert.match(sql, /^ALTER TABLE `default`\.`\w+_local` ON CLUSTER `c`/);
    await backend.shutdown();
  });

  test('Distributed tables without the name of their cluster are refused at start', async () => {
    fake.server.engines = { spans: 'Distributed' };
    await assert.rejects(backendOf({}), /its table spans is Distributed.*cluster_name/);
  });

  test('Distributed tables of schema otel are written at least once, acknowledged by the shards', async () => {
    fake.server.columns = { Timestamp: 'DateTime64(9)', TraceId: 'String', batch: 'UInt64' };
    fake.server.engines = { otel_traces: 'Distributed' };
    const backend = await backendOf({ schema: 'otel', create_schema: false });
    const sealed = await backend.seal([numberedSpans(range(1, 10))], Date.now());
    fake.server.fates.push('stored, no answer');
    await assert.rejects(backend.send(sealed, first));
    await backend.send(sealed, again);
    assert.equal(fake.server.rowsOf('otel_traces'), 20);
    for (const settings of fake.server.insertSettings) {
      assert.equal(settings.get('insert_distributed_sync'), '1');
    }
    await backend.shutdown();
  });

  test('one server is not asked for what only a cluster knows', async () => {
    const backend = await backendOf({});
    const sealed = await backend.seal([numberedSpans(range(1, 10))], Date.now());
    fake.server.fates.push('stored', 'stored', 'stored', 'half stored, no answer');
    await assert.rejects(backend.send(sealed, first));
    await backend.send(sealed, again);
    assert.equal(fake.server.insertSettings[0]!.get('insert_distributed_sync'), null);
    assert.deepEqual(
      fake.server.statements.filter((sql) => /CLUSTER|SYNC REPLICA|initial_query_id/.test(sql)),
      [],
    );
    await backend.shutdown();
  });
});

describe('Distributed tables of an engine', () => {
  let cluster: TestCluster;

  before(async () => {
    cluster = await openTestCluster();
    await migrate(cluster.client, { database: 'd', cluster: 'one', ttlDays: 0 });
  });

  after(() => cluster.close());

  test('a batch of which some rows are left is there once, however often it is sent', async () => {
    const { client } = cluster;
    const place = { database: 'd', cluster: 'one' };
    const encoder = new SmartSpansEncoder(await readIdKey(client, place), new WrittenRows());
    for (const one of numberedSpans(range(1, 20)).ranges()) encoder.append(one, Date.now() / 1000);
    const blocks = encoder.seal(77n).blocks.map((block): SealedBlock => {
      const verify = block.table === 'spans' ? 'count' : 'idempotent';
      return { ...block, compression: 'none', verify, dayExpression: 'toDate(bucket)' };
    });
    const target = {
      ...place,
      client,
      clock: fakeClock(),
      settings: writeSettings(place),
      endQuery: async () => {},
      inserted: () => {},
    };
    const count = async (): Promise<number> =>
      Number((await rowsOf<{ n: string }>(client, 'SELECT count() AS n FROM d.spans'))[0]!.n);
    const send = (): Promise<void> =>
      sendBatch(target, newBatch(77n, 20, blocks, []), true, Number.POSITIVE_INFINITY);
    await send();
    assert.equal(await count(), 20);
    await send();
    assert.equal(await count(), 20);
    const some = 'ALTER TABLE d.spans_local DELETE WHERE cityHash64(span_id) % 2 = 0';
    await client.command(some, { settings: { mutations_sync: 2 } });
    const left = await count();
    assert.ok(left > 0 && left < 20, String(left));
    await send();
    assert.equal(await count(), 20);
  });
});
