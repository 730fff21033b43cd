import assert from 'node:assert/strict';
import { get } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type TestContext, test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { parseJson } from '../../pdata/json.ts';
import { fakeClock } from '../../testing/clock.ts';
import { testGates, testSettings } from '../../testing/settings.ts';
import { PrometheusBackend } from './backend.ts';
import { config } from './config.ts';

const start = 1_700_000_000_000;

async function started(t: TestContext, keys: object = {}, gates: readonly string[] = []) {
  const clock = fakeClock(start);
  const settings = testSettings({ id: 'prometheus', clock, gates: testGates(...gates) });
  const given = config.parse({ endpoint: '127.0.0.1:0', without_scope_info: true, ...keys });
  const backend = new PrometheusBackend(settings, given);
  await backend.start();
  t.after(() => backend.shutdown());
  const { port } = backend.address as AddressInfo;
  const scrape = (path = '/metrics', headers: Readonly<Record<string, string>> = {}) =>
    new Promise<{ status: number; coding: string | undefined; body: Buffer }>((resolve, reject) => {
      get({ port, path, headers }, (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('end', () => {
          const coding = response.headers['content-encoding'];
          resolve({ status: response.statusCode ?? 0, coding, body: Buffer.concat(chunks) });
        });
      }).on('error', reject);
    });
  const samples = async (): Promise<string[]> => {
    const { body } = await scrape();
    return body
      .toString()
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('#'));
  };
  const push = async (...metrics: readonly object[]): Promise<number> => {
    const request = { resourceMetrics: [{ scopeMetrics: [{ metrics }] }] };
    const progress = { arrived: 0, leftOut: 0, leftOutAs: '' };
    await backend.push(parseJson('metrics', Buffer.from(JSON.stringify(request))), { progress });
    return progress.leftOut;
  };
  return { clock, settings, scrape, samples, push };
}

const gauge = (value: number, more: object = {}, name = 'g'): object => ({
  name,
  gauge: { dataPoints: [{ asDouble: value, timeUnixNano: '1000000000', ...more }] },
});

test('shows a metric until it expires', async (t) => {
  const { clock, samples, push } = await started(t, { metric_expiration: '10s' });
  await push(gauge(1));
  await clock.advance(6000);
  await push(gauge(2, {}, 'other'));
  assert.deepEqual(await samples(), ['g 1', 'other 2']);
  await clock.advance(6000);
  assert.deepEqual(await samples(), ['other 2']);
});

test('forgets what nobody scrapes', async (t) => {
  const { clock, push, samples } = await started(t, { metric_expiration: '10s' });
  await push(gauge(1));
  await clock.advance(30_000);
  await push({
    name: 'g',
    sum: { aggregationTemporality: 2, isMonotonic: false, dataPoints: [{ asInt: '3' }] },
  });
  assert.deepEqual(await samples(), ['g 3']);
});

test('takes a series away when it ends, and goes on', async (t) => {
  const { samples, push } = await started(t);
  const labelled = (label: string, more: object = {}) => ({
    asDouble: 1,
    attributes: [{ key: 'l', value: { stringValue: label } }],
    ...more,
  });
  await push({ name: 'g', gauge: { dataPoints: [labelled('a'), labelled('b')] } });
  await push({
    name: 'g',
    gauge: { dataPoints: [labelled('a', { flags: 1 }), labelled('c')] },
  });
  assert.deepEqual(await samples(), ['g{l="b"} 1', 'g{l="c"} 1']);
});

test('keeps the newest point', async (t) => {
  const { samples, push } = await started(t);
  assert.equal(await push(gauge(1, { timeUnixNano: '20' }), gauge(2, { timeUnixNano: '10' })), 0);
  assert.deepEqual(await samples(), ['g 1']);
});

test('adds deltas up and leaves out what it cannot add', async (t) => {
  const { samples, push } = await started(t);
  const delta = (from: string, to: string, value: string, isMonotonic = true): object => ({
    name: 'd',
    sum: {
      aggregationTemporality: 1,
      isMonotonic,
      dataPoints: [{ startTimeUnixNano: from, timeUnixNano: to, asInt: value }],
    },
  });
  assert.equal(await push(delta('0', '10', '5')), 0);
  assert.equal(await push(delta('10', '20', '7')), 0);
  assert.equal(await push(delta('5', '15', '9')), 0); // older
  assert.equal(await push(delta('20', '30', '1', false)), 1);
  assert.deepEqual(await samples(), ['d_total 12']);
});

test('shows a family with one type', async (t) => {
  const { samples, push, settings } = await started(t);
  const sum = { aggregationTemporality: 2, isMonotonic: true, dataPoints: [{ asInt: '1' }] };
  await push(gauge(1, {}, 'x_total'), { name: 'x', sum });
  assert.deepEqual(await samples(), ['x_total 1']);
  assert.match(settings.logger.lines.at(-1)!.message, /instrument type conflict/);
});

test('does not show labels that would come twice', async (t) => {
  const { samples, push, settings } = await started(t);
  const attributes = ['a.b', 'a_b'].map((key) => ({ key, value: { stringValue: 'v' } }));
  await push(gauge(1, { attributes }), gauge(2, {}, 'good'));
  assert.deepEqual(await samples(), ['good 2']);
  assert.match(settings.logger.lines.at(-1)!.message, /duplicate label name "a_b"/);
});

test('does not show a name that is part of a histogram', async (t) => {
  const { samples, push } = await started(t);
  const histogram = {
    aggregationTemporality: 2,
    dataPoints: [{ count: '1', bucketCounts: ['1'] }],
  };
  await push({ name: 'h', histogram }, gauge(5, {}, 'h_count'));
  assert.deepEqual(await samples(), ['h_bucket{le="+Inf"} 1', 'h_sum 0', 'h_count 1']);
});

test('looks at add_metric_suffixes only where the gate lets it', async (t) => {
  const keys = { add_metric_suffixes: false };
  const sum = { aggregationTemporality: 2, isMonotonic: true, dataPoints: [{ asInt: '1' }] };
  const usual = await started(t, keys);
  await usual.push({ name: 'x', sum });
  assert.deepEqual(await usual.samples(), ['x_total 1']);
  assert.match(usual.settings.logger.lines[0]!.message, /add_metric_suffixes has no effect/);
  const off = await started(t, keys, ['-exporter.prometheusexporter.DisableAddMetricSuffixes']);
  await off.push({ name: 'x', sum });
  assert.deepEqual(await off.samples(), ['x 1']);
});

test('compresses where it is asked to', async (t) => {
  const { scrape, push } = await started(t);
  await push(gauge(1));
  const plain = await scrape();
  const packed = await scrape('/metrics', { 'accept-encoding': 'deflate, gzip;q=0.5' });
  assert.equal(packed.coding, 'gzip');
  assert.deepEqual(gunzipSync(packed.body), plain.body);
  const refused = await scrape('/metrics', { 'accept-encoding': 'gzip;q=0' });
  assert.equal(refused.coding, undefined);
});

test('has nothing at other paths', async (t) => {
  const { scrape } = await started(t);
  assert.equal((await scrape('/')).status, 404);
});

test('needs an endpoint', () => {
  assert.throws(() => config.parse({}), /non-blank address/);
});
