/** InfluxDB's own clients write; each value is found again with its tags and its time. */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { InfluxDB, Point } from '@influxdata/influxdb-client';
import { freePorts } from '../../testing/ports.ts';
import { output } from '../lib/follow.ts';
import { Program, scratch } from '../lib/program.ts';
import { pointKey, waitForPoints } from './metric-points.ts';

const root = join(import.meta.dirname, '../..');
const python = join(root, '.cache/python/bin/python');
const count = 1000;

async function start(t: TestContext) {
  const folder = scratch();
  t.after(() => folder.remove());
  const [port = 0, metricsPort = 0] = await freePorts(2);
  const file = join(folder.path, 'out.json');
  const config = `receivers:
  influxdb: {endpoint: "127.0.0.1:${port}"}
exporters:
  file: {path: "${file}", flush_interval: 50ms}
service:
  telemetry:
    metrics: {readers: [{pull: {exporter: {prometheus: {host: 127.0.0.1, port: ${metricsPort}}}}}]}
  pipelines: {metrics: {receivers: [influxdb], exporters: [file]}}
`;
  const program = await Program.startWith(config, folder.path, { metricsPort });
  t.after(() => program.stop());
  return { program, port, file };
}

test('the Node client', { timeout: 120_000 }, async (t) => {
  const { program, port, file } = await start(t);
  const client = new InfluxDB({ url: `http://127.0.0.1:${port}`, token: 'secret' });
  const writer = client.getWriteApi('org', 'bucket', 'ns', { batchSize: 200, gzipThreshold: 1000 });
  const want = new Map<string, string | number>();
  for (let i = 0; i < count; i += 1) {
    const time = 1_700_000_000_000_000_000n + BigInt(i) * 1_001n;
    const tags = { id: String(i), 'odd tag': 'a=b, c' };
    const point = new Point('room, upstairs').timestamp(String(time));
    for (const [key, value] of Object.entries(tags)) point.tag(key, value);
    point
      .floatField('t', i / 7)
      .intField('n', i - 5)
      .uintField('u', i)
      .booleanField('on', i % 2 === 0);
    point.stringField('text', `say "${i}"\n`);
    writer.writePoint(point);
    want.set(pointKey('room, upstairs_t', tags, time), i / 7);
    want.set(pointKey('room, upstairs_n', tags, time), String(i - 5));
    want.set(pointKey('room, upstairs_u', tags, time), String(i));
    want.set(pointKey('room, upstairs_on', tags, time), i % 2 === 0 ? '1' : '0');
  }
  await writer.close();
  const got = await waitForPoints(file, want.size, true);
  assert.deepEqual(got, want);
  const metric = 'wirestitch_influxdb_dropped_texts';
  assert.equal(await program.metric(metric), count);
  assert.deepEqual(await program.unbalanced(), []);
});

test('the Node client is told of a bad line and does not send it again', async (t) => {
  const { port, file } = await start(t);
  const failed: string[] = [];
  const client = new InfluxDB({ url: `http://127.0.0.1:${port}`, token: 'secret' });
  const writer = client.getWriteApi('org', 'bucket', 'ns', {
    maxRetries: 0,
    writeFailed: (error) => void failed.push(error.message),
  });
  writer.writeRecords(['good v=1 1', 'bad', 'good v=2 2']);
  await writer.close().catch(() => undefined);
  assert.equal(failed.length, 1);
  assert.match(failed[0]!, /unable to parse 'bad': missing fields \(line 2\) dropped=1/);
  assert.equal((await waitForPoints(file, 2, true)).size, 2);
});

for (const [version, name] of [
  ['v1', 'influxdb'],
  ['v2', 'influxdb-client'],
]) {
  test(`the Python client ${name}`, { timeout: 120_000 }, async (t) => {
    if (!existsSync(python)) return t.skip('Python clients are not installed (.cache/python)');
    const { program, port, file } = await start(t);
    const script = join(root, 'integration/senders/influxdb_clients.py');
    const text = await output(python, [script, version!, '127.0.0.1', String(port), String(count)]);
    const want = new Map<string, string | number>();
    for (const line of String(text).trim().split('\n')) {
      const { measurement, tags, fields } = JSON.parse(line);
      const time = /"time": (\d+)/.exec(line)![1]!;
      want.set(pointKey(`${measurement}_t`, tags, time), fields.t);
      want.set(pointKey(`${measurement}_n`, tags, time), String(fields.n));
      want.set(pointKey(`${measurement}_on`, tags, time), fields.on ? '1' : '0');
    }
    assert.equal(want.size, 3 * count);
    assert.deepEqual(await waitForPoints(file, want.size, true), want);
    assert.deepEqual(await program.unbalanced(), []);
  });
}
