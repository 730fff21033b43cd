import assert from 'node:assert/strict';
import type { AddressInfo } from 'node:net';
import { type TestContext, test } from 'node:test';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { toJson } from '../../pdata/json.ts';
import { realClock } from '../../testing/clock.ts';
import { realTimeSettings } from '../../testing/settings.ts';
import { collectingSink, permanent, retryable } from '../../testing/sinks.ts';
import { config } from './config.ts';
import { influxdbReceiver } from './receiver.ts';

async function start(t: TestContext, given: object = {}, budgetBytes = 2 ** 26) {
  const settings = realTimeSettings(realClock(), { id: 'influxdb', budgetBytes });
  const sink = collectingSink<'metrics'>();
  const decoded = config.parse({ endpoint: '127.0.0.1:0', ...given });
  const receiver = influxdbReceiver(settings, decoded, sink);
  await receiver.start();
  t.after(() => receiver.shutdown());
  const base = `http://127.0.0.1:${(receiver.address as AddressInfo).port}`;
  const post = async (path: string, body: string | Uint8Array, headers = {}) => {
    const response = await fetch(`${base}${path}`, {
      method: 'POST',
      body: typeof body === 'string' ? body : Uint8Array.from(body),
      headers,
    });
    return { status: response.status, headers: response.headers, text: await response.text() };
  };
  const resources = () => sink.batches.map((batch) => JSON.parse(toJson(batch)).resourceMetrics);
  return { settings, sink, base, post, resources };
}

const accepted = (id: string) => ({ receiver: id, transport: 'http' });

test('lines land over every path, in every encoding', async (t) => {
  const { post, sink, settings } = await start(t);
  const line = 'cpu,host=a usage=0.5,busy=t,name="x" 1395066363000000123\n';
  const sent = [
    await post('/write?db=telegraf', line),
    await post('/api/v1/telegraf', line),
    await post('/api/v2/write?org=o&bucket=b', line),
    await post('/write', gzipSync(line), { 'content-encoding': 'gzip' }),
    await post('/api/v2/write', zstdCompressSync(line), { 'content-encoding': 'zstd' }),
  ];
  for (const { status, text, headers } of sent) {
    assert.deepEqual([status, text], [204, '']);
    assert.match(headers.get('x-influxdb-version') ?? '', /^1\.8/);
  }
  assert.equal(sink.items, 10);
  assert.equal(settings.budget.used, 0);
  const { meter } = settings;
  const points = 'otelcol_receiver_accepted_metric_points';
  assert.equal(meter.value(points, accepted('influxdb')), 10);
  assert.equal(meter.value('wirestitch_influxdb_lines'), 5);
  assert.equal(meter.value('wirestitch_influxdb_dropped_texts'), 5);
});

test('precision', async (t) => {
  const { post, resources } = await start(t);
  const cases = [
    ['', '1395066363000000123'],
    ['?precision=ns', '1395066363000000123'],
    ['?precision=us', '1395066363000001'],
    ['?precision=u', '1395066363000001'],
    ['?precision=ms', '1395066363001'],
    ['?precision=s', '1395066363'],
    ['?precision=m', '23251106'],
    ['?precision=h', '387518'],
  ];
  for (const [query, time] of cases) {
    assert.equal((await post(`/write${query}`, `m v=1 ${time}`)).status, 204);
  }
  const times = resources().map(
    ([{ scopeMetrics }]) => scopeMetrics[0].metrics[0].gauge.dataPoints[0].timeUnixNano,
  );
  assert.deepEqual(times, [
    '1395066363000000123',
    '1395066363000000123',
    '1395066363000001000',
    '1395066363000001000',
    '1395066363001000000',
    '1395066363000000000',
    '1395066360000000000',
    '1395064800000000000',
  ]);
  const bad = await post('/write?precision=d', 'm v=1 1');
  assert.equal(bad.status, 400);
  assert.match(JSON.parse(bad.text).error, /invalid precision "d"/);
});

test('InfluxDB 3: times by their size, all lines or none', async (t) => {
  const { post, resources, sink } = await start(t);
  const path = '/api/v3/write_lp?db=d';
  for (const time of ['1700000000', '1700000000001', '1700000000000002', '1700000000000000003']) {
    assert.equal((await post(path, `m v=1 ${time}`)).status, 204);
  }
  assert.equal((await post(`${path}&precision=second`, 'm v=1 6000000000')).status, 204);
  const times = resources().map(
    ([{ scopeMetrics }]) => scopeMetrics[0].metrics[0].gauge.dataPoints[0].timeUnixNano,
  );
  assert.deepEqual(times, [
    '1700000000000000000',
    '1700000000001000000',
    '1700000000000002000',
    '1700000000000000003',
    '6000000000000000000',
  ]);
  const bad = await post(path, 'ok v=1 1\nbad');
  assert.deepEqual(
    [bad.status, JSON.parse(bad.text)],
    [
      400,
      {
        error: 'partial write of line protocol occurred',
        data: [{ original_line: 'bad', line_number: 2, error_message: 'missing fields' }],
      },
    ],
  );
  assert.equal(sink.items, 6);
  assert.equal((await post(`${path}&accept_partial=false`, 'ok v=1 1\nbad')).status, 400);
  assert.equal(sink.items, 6);
});

test('bad lines: the good ones are kept and the sender is told of the others', async (t) => {
  const { post, sink, settings } = await start(t);
  const body = 'ok v=1 1\nbad\n\nok v=2 2\nworse,a v=1\n';
  const first = await post('/write', body);
  const expected =
    "partial write: unable to parse 'bad': missing fields (line 2)\n" +
    "unable to parse 'worse,a v=1': missing tag value (line 5) dropped=2";
  assert.equal(first.status, 400);
  assert.deepEqual(JSON.parse(first.text), { error: expected });
  assert.equal(first.headers.get('x-influxdb-error'), expected.replace('\n', ' '));
  const second = await post('/api/v2/write', body);
  assert.equal(second.status, 400);
  assert.deepEqual(JSON.parse(second.text), { code: 'invalid', message: expected, line: 2 });
  assert.equal(sink.items, 4);
  const none = await post('/write', 'bad\r\n');
  assert.deepEqual(JSON.parse(none.text), {
    error: "unable to parse 'bad': missing fields (line 1)",
  });
  assert.equal(sink.items, 4);
  assert.equal(settings.meter.value('wirestitch_influxdb_refused_lines'), 5);
  assert.equal(settings.budget.used, 0);
});

test('nothing to take is taken', async (t) => {
  const { post, sink } = await start(t);
  for (const body of ['', '\n\n', '# only a comment', 'm text="only"']) {
    assert.equal((await post('/write', body)).status, 204);
  }
  assert.equal(sink.batches.length, 0);
});

test('what the pipeline refuses the sender keeps, or not', async (t) => {
  const { post, sink, settings } = await start(t);
  sink.failures.push(retryable('full', { retryAfterMs: 2500 }), permanent('never'));
  const later = await post('/api/v2/write', 'm v=1 1\nbad');
  assert.deepEqual([later.status, later.headers.get('retry-after')], [503, '3']);
  assert.deepEqual(JSON.parse(later.text), { code: 'unavailable', message: 'full' });
  const never = await post('/write', 'm v=1 1');
  assert.deepEqual([never.status, JSON.parse(never.text)], [400, { error: 'never' }]);
  const { meter } = settings;
  assert.equal(meter.value('otelcol_receiver_refused_metric_points'), 2);
  assert.equal(settings.budget.used, 0);
});

test('bodies that are too large, corrupt or of an unknown encoding', async (t) => {
  const { post, sink, settings } = await start(t, { max_request_body_size: 1000 });
  const cases: [Uint8Array, string, number][] = [
    [Buffer.alloc(1001, 0x61), '', 413],
    [gzipSync(Buffer.alloc(5000)), 'gzip', 413],
    [Buffer.from('m v=1 1'), 'gzip', 400],
    [gzipSync('m v=1 1').subarray(0, 15), 'gzip', 400],
    [Buffer.from('m v=1 1'), 'br', 415],
  ];
  for (const [body, encoding, status] of cases) {
    const headers = encoding === '' ? {} : { 'content-encoding': encoding };
    const v1 = await post('/write', body, headers);
    assert.equal(v1.status, status, encoding);
    assert.equal(typeof JSON.parse(v1.text).error, 'string');
    const v2 = await post('/api/v2/write', body, headers);
    assert.equal(v2.status, status);
    assert.equal(typeof JSON.parse(v2.text).code, 'string');
  }
  assert.deepEqual([sink.batches.length, settings.budget.used], [0, 0]);
});

test('without memory the sender is asked to come again', async (t) => {
  const { post, sink, settings } = await start(t, {}, 10_000);
  // Room for the body, none for its metrics.
  const line = `m,tag=${'x'.repeat(2000)} ${'f=1,'.repeat(10)}f=1 1`;
  const answer = await post('/write', line);
  assert.deepEqual([answer.status, answer.headers.get('retry-after')], [503, '1']);
  assert.deepEqual([sink.batches.length, settings.budget.used], [0, 0]);
});

test('large and small texts at once are converted one after the other', async (t) => {
  const { post, sink, settings } = await start(t);
  const text = (name: string, lines: number) =>
    Array.from({ length: lines }, (_, i) => `${name},id=${i} v=${i}i ${i}`).join('\n');
  const sizes = [60_000, 10, 40_000, 5, 1];
  const answers = await Promise.all(
    sizes.map((lines, i) => post('/write', `${text(`m${i}`, lines)}\nbad`)),
  );
  for (const [i, { status, text: said }] of answers.entries()) {
    assert.deepEqual([status, said.includes(`(line ${sizes[i]! + 1})`)], [400, true]);
  }
  const counts = new Map<string, number>();
  for (const batch of sink.batches) {
    for (const { scopeMetrics } of JSON.parse(toJson(batch)).resourceMetrics) {
      for (const { name, gauge } of scopeMetrics[0].metrics) {
        counts.set(name, (counts.get(name) ?? 0) + gauge.dataPoints.length);
      }
    }
  }
  assert.deepEqual(
    sizes.map((_, i) => counts.get(`m${i}_v`)),
    sizes,
  );
  assert.equal(settings.budget.used, 0);
});

test('destinations are kept when asked for', async (t) => {
  const { post, resources } = await start(t, { keep_destination: true });
  await post('/write?db=telegraf&rp=week', 'm v=1 1');
  await post('/api/v2/write?org=o&bucket=b', 'm,host.name=h v=1 1');
  await post('/write', 'm v=1 1');
  const attributes = resources().map(([{ resource }]) =>
    (resource.attributes ?? []).map(
      ({ key, value }: { key: string; value: { stringValue: string } }) =>
        `${key}=${value.stringValue}`,
    ),
  );
  assert.deepEqual(attributes, [
    ['influxdb.database=telegraf', 'influxdb.retention_policy=week'],
    ['host.name=h', 'influxdb.org=o', 'influxdb.bucket=b'],
    [],
  ]);
});

test('what clients ask before they write', async (t) => {
  const { base } = await start(t);
  const get = (path: string, init: RequestInit = {}) => fetch(`${base}${path}`, init);
  assert.equal((await get('/ping')).status, 204);
  assert.equal((await get('/ping', { method: 'HEAD' })).status, 204);
  const verbose = await get('/ping?verbose=true');
  assert.match(JSON.stringify(await verbose.json()), /"version":"1\.8/);
  assert.match(await (await get('/health')).text(), /"status":"pass"/);
  assert.deepEqual(await (await get('/ready')).json(), { status: 'ready' });
  const form = new URLSearchParams({ q: 'CREATE DATABASE "telegraf"' });
  const created = await get('/query', { method: 'POST', body: form });
  assert.deepEqual(
    [created.status, await created.json()],
    [200, { results: [{ statement_id: 0 }] }],
  );
  assert.equal((await get('/query?q=create%20retention%20policy%20a')).status, 200);
  const select = await get('/query?q=SELECT%201');
  assert.equal(select.status, 400);
  assert.match(await select.text(), /"error":"queries are not answered here/);
  const wrong = await get('/write');
  assert.deepEqual([wrong.status, wrong.headers.get('allow')], [405, 'POST']);
  assert.equal((await get('/api/v2/query', { method: 'POST', body: 'x' })).status, 404);
});
