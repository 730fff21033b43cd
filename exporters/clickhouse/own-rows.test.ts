// Rows of remote write that wait on disk for one database while the configuration names another.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compressSync } from 'snappy';
import { background } from '../../component/consumer.ts';
import { loadRemoteWrite } from '../../native/remote-write.ts';
import { Source } from '../../pipeline/remote-write/source.ts';
import { settingsOver } from '../../testing/disk-exporter.ts';
import { type MemoryStorage, memoryStorage } from '../../testing/record-log.ts';
import { until } from '../../testing/until.ts';
import { message1 } from '../../wire/prometheus/testing/message.ts';
import { configSchema } from './config.ts';
import { factory } from './index.ts';
import { FakeClickHouse } from './testing/fake-clickhouse.ts';

const skip = loadRemoteWrite() === undefined ? 'the addon is not built' : false;

/** An exporter of metrics to a server, with a queue on disk. */
async function started(storage: MemoryStorage, endpoint: string) {
  const settings = settingsOver(storage);
  const config = configSchema.parse({
    ...{ endpoint, schema: 'smart', create_schema: false, service_edges: { enabled: false } },
    sending_queue: { storage: 'file_storage', batch: { min_size: 2, flush_timeout: '1s' } },
  });
  const exporter = factory.create('metrics', settings, config);
  await exporter.start();
  const entry = settings.book.edge('source', 'test', exporter);
  settings.book.node('source', 'source');
  const source = new Source(settings.random);
  /** Sends a sample of each instance. */
  const send = (...instances: string[]) => {
    const time = settings.clock.unixMs();
    const series = instances.map((instance) => ({
      labels: { __name__: 'up', instance },
      samples: [{ value: 1, time }],
    }));
    const batch = source.read(compressSync(message1(series)), 1, 1 << 24)!;
    return entry.consume(batch, background);
  };
  const node = () => settings.book.snapshot().nodes.find(({ node }) => node === 'test')!;
  const ended = async () => {
    await exporter.shutdown();
    assert.deepEqual(settings.book.check(), []);
    assert.equal(settings.budget.used, 0);
  };
  return { settings, send, node, ended };
}

test('rows with ids of another database stay on disk for it', { skip }, async (t) => {
  const storage = memoryStorage();
  const [first, second] = [new FakeClickHouse(), new FakeClickHouse()];
  t.after(() => Promise.all([first.stop(), second.stop()]));
  const [one, other] = [await first.start(), await second.start()];
  second.idKey = '01'.repeat(16);

  first.judge = () => ({ code: 241, text: 'Memory limit' });
  const before = await started(storage, one);
  await before.send('a');
  await before.send('b');
  await before.ended();
  assert.equal(storage.records('exporter_test_metrics').length, 2);

  const elsewhere = await started(storage, other);
  await elsewhere.send('c', 'd');
  await until(() => elsewhere.node().delivered === 2, 'fresh samples are stored');
  const lines = elsewhere.settings.logger.lines.filter(({ level }) => level === 'error');
  assert.deepEqual(
    lines.map(({ fields }) => fields.kept_items),
    [1, 1],
  );
  assert.match(String(lines[0]!.fields.error), /is not the one that they were made for/);
  assert.equal(elsewhere.node().held, 2);
  await elsewhere.ended();
  assert.equal(second.rowsOf('metric_samples'), 2);
  assert.equal(storage.records('exporter_test_metrics').length, 2);

  first.judge = () => 'stored';
  const back = await started(storage, one);
  await until(() => back.node().delivered === 2, 'what waited is stored');
  await back.ended();
  assert.deepEqual([first.rowsOf('metric_samples'), first.rowsOf('metric_series')], [2, 2]);
  assert.equal(storage.records('exporter_test_metrics').length, 0);
});
