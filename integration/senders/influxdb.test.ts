/** InfluxDB's own clients write; each value is found again in the store, with its tags and its time. */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { InfluxDB, Point } from '@influxdata/influxdb-client';
import { freePort } from '../../testing/ports.ts';
import { output } from '../lib/follow.ts';
import { type Stored, startStored } from '../lib/stored.ts';
import { pointKey, storedPoints, valuesOf } from '../lib/stored-points.ts';

const root = join(import.meta.dirname, '../..');
const python = join(root, '.cache/python/bin/python');
const count = 1000;

let stored: Stored;
let port: number;

before(async () => {
  port = await freePort();
  const config = `{endpoint: "127.0.0.1:${port}"}`;
  stored = await startStored({ influxdb: { config, signals: ['metrics'] } });
});

after(() => stored?.stop());

test('the Node client', { timeout: 300_000 }, async () => {
  const client = new InfluxDB({ url: `http://127.0.0.1:${port}`, token: 'secret' });
  const writer = client.getWriteApi('org', 'bucket', 'ns', { batchSize: 200, gzipThreshold: 1000 });
  const want = new Map<string, number>();
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
    want.set(pointKey('room, upstairs_n', tags, time), i - 5);
    want.set(pointKey('room, upstairs_u', tags, time), i);
    want.set(pointKey('room, upstairs_on', tags, time), i % 2 === 0 ? 1 : 0);
  }
  const metric = 'wirestitch_influxdb_dropped_texts';
  await writer.close();
  const points = await storedPoints(stored, 'room, upstairs_.*', want.size);
  assert.deepEqual(valuesOf(points), want);
  assert.ok(points.every(({ kind }) => kind === 'gauge'));
  assert.equal(await stored.program.metric(metric), count);
  const integers = `SELECT name FROM metric_samples
    INNER JOIN metric_series AS s ON s.id = series_id
    WHERE scale = -2 AND startsWith(name, 'room, upstairs') GROUP BY name ORDER BY name`;
  const whole = await stored.rows<{ name: string }>(integers);
  const named = whole.map(({ name }) => name);
  assert.deepEqual(
    named,
    ['n', 'on', 'u'].map((field) => `room, upstairs_${field}`),
  );
  assert.deepEqual(await stored.program.unbalanced(), []);
});

test('the Node client is told of a bad line and does not send it again', async () => {
  const failed: string[] = [];
  const client = new InfluxDB({ url: `http://127.0.0.1:${port}`, token: 'secret' });
  const writer = client.getWriteApi('org', 'bucket', 'ns', {
    maxRetries: 0,
    writeFailed: (error) => void failed.push(error.message),
  });
  const times = [0n, 2n].map((more) => 1_700_000_000_000_000_000n + more * 1_000_000n);
  writer.writeRecords([`good v=1 ${times[0]}`, 'bad', `good v=2 ${times[1]}`]);
  await writer.close().catch(() => undefined);
  assert.equal(failed.length, 1);
  assert.match(failed[0]!, /unable to parse 'bad': missing fields \(line 2\) dropped=1/);
  const points = valuesOf(await storedPoints(stored, '(good|bad).*', 2));
  assert.deepEqual(points, new Map(times.map((time, i) => [pointKey('good_v', {}, time), i + 1])));
});

for (const [version, name] of [
  ['v1', 'influxdb'],
  ['v2', 'influxdb-client'],
]) {
  test(`the Python client ${name}`, { timeout: 300_000 }, async (t) => {
    if (!existsSync(python)) return t.skip('Python clients are not installed (.cache/python)');
    const script = join(root, 'integration/senders/influxdb_clients.py');
    const text = await output(python, [script, version!, '127.0.0.1', String(port), String(count)]);
    const want = new Map<string, number>();
    for (const line of String(text).trim().split('\n')) {
      const { measurement, tags, fields } = JSON.parse(line);
      const time = /"time": (\d+)/.exec(line)![1]!;
      want.set(pointKey(`${measurement}_t`, tags, time), fields.t);
      want.set(pointKey(`${measurement}_n`, tags, time), fields.n);
      want.set(pointKey(`${measurement}_on`, tags, time), fields.on ? 1 : 0);
    }
    assert.equal(want.size, 3 * count);
    const points = await storedPoints(stored, `room, ${version}_.*`, want.size);
    assert.deepEqual(valuesOf(points), want);
    assert.deepEqual(await stored.program.unbalanced(), []);
  });
}
