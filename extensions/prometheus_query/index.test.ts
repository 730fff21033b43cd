import assert from 'node:assert/strict';
import { get, type IncomingHttpHeaders, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type TestContext, test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { crc32c } from '@node-rs/crc32';
import { compressSync, uncompressSync } from 'snappy';
import { serveHttp } from '../../config/groups/http-listen.ts';
import { FakeReader } from '../../query/prometheus/testing/reader.ts';
import { MetricReadError } from '../../storage/metrics/model.ts';
import { testSettings } from '../../testing/settings.ts';
import { loadSnappy } from '../../wire/compression/decompressor.ts';
import { decodeFrames, decodeSamples } from '../../wire/prometheus/remote-read/testing/decode.ts';
import { config } from './config.ts';
import { PrometheusQuery } from './extension.ts';
import { QueryServer } from './server.ts';

const storage = { engine: 'embedded_clickhouse' };

function problems(value: unknown): string[] {
  const result = config.safeParse(value);
  if (result.success) return [];
  return result.error.issues.map(({ path, message }) => `${path.join('::')}: ${message}`);
}

test('configurations that are taken, and their defaults', () => {
  const good = [
    { storage },
    { storage: { endpoint: 'https://db:8443', username: 'u', password: 'p', database: 'd' } },
    { storage, endpoint: '0.0.0.0:80', auth: { authenticator: 'basicauth' }, max_samples: 1 },
    { storage, max_response_size: '1GiB', query_timeout: '1m', allowed_hosts: ['me.example'] },
  ];
  for (const value of good) assert.deepEqual(problems(value), []);
  const read = config.parse({ storage });
  assert.equal(read.endpoint, 'localhost:9091');
  assert.equal(read.storage.database, 'wirestitch');
  assert.equal(read.query_timeout, 30_000);
  assert.equal(read.write_timeout, 120_000);
  assert.deepEqual([read.max_series, read.max_samples, read.max_names], [5e4, 5e6, 1e5]);
  assert.equal(read.max_response_size, 128 << 20);
});

test('configurations that are refused, each by its key', () => {
  const one = 'storage: exactly one of engine and endpoint must be given';
  assert.deepEqual(problems({ storage: {} }), [one]);
  assert.deepEqual(problems({ storage: { engine: 'a', endpoint: 'http://b:1' } }), [one]);
  const bad = {
    'storage::endpoint': { storage: { endpoint: 'tcp://b:9000' } },
    'storage::database': { storage: { engine: 'a', database: '' } },
    storage: {},
    max_series: { storage, max_series: 0 },
    max_samples: { storage, max_samples: 1.5 },
    max_response_size: { storage, max_response_size: 'much' },
    max_concurrent: { storage, max_concurrent: 0 },
    query_timeout: { storage, query_timeout: '0s' },
    allowed_hosts: { storage, allowed_hosts: 'x' },
  };
  for (const [key, value] of Object.entries(bad)) {
    const [first = ''] = problems(value);
    assert.ok(first.startsWith(`${key}: `), `${key}: ${first}`);
  }
  assert.match(problems({ storage, schema: 'otel' })[0]!, /schema/);
});

test('an engine that is not there is named', async () => {
  const extension = new PrometheusQuery(testSettings(), config.parse({ storage }));
  const wanted = /cannot use "embedded_clickhouse" as storage::engine/;
  await assert.rejects(extension.start(), wanted);
  await extension.shutdown();
});

async function started(t: TestContext, more: object = {}): Promise<number> {
  const options = { endpoint: '127.0.0.1:0', storage: { endpoint: 'http://127.0.0.1:1' }, ...more };
  const extension = new PrometheusQuery(testSettings(), config.parse(options));
  await extension.start();
  t.after(async () => {
    await extension.shutdown();
    await extension.shutdown();
  });
  return (extension.address as AddressInfo).port;
}

interface Got {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

function ask(
  port: number,
  path: string,
  headers: Record<string, string> = {},
  sent?: Uint8Array | string,
): Promise<Got> {
  return new Promise((resolve, reject) => {
    const options = { host: '127.0.0.1', port, path, headers, agent: false };
    const asked = sent === undefined ? get(options) : request({ ...options, method: 'POST' });
    asked.on('error', reject).on('response', (response) => {
      const parts: Buffer[] = [];
      response.on('data', (part: Buffer) => parts.push(part));
      response.on('end', () => {
        const { statusCode: status = 0, headers } = response;
        resolve({ status, headers, body: Buffer.concat(parts) });
      });
    });
    if (sent !== undefined) asked.end(sent);
  });
}

test('only hosts of the server are answered, and a store that is away is said', async (t) => {
  const port = await started(t, { allowed_hosts: ['Me.example'] });
  assert.equal((await ask(port, '/-/ready')).status, 200);
  assert.equal((await ask(port, '/-/ready', { host: 'me.example:99' })).status, 200);
  const foreign = await ask(port, '/-/ready', { host: 'evil.example' });
  assert.equal(foreign.status, 403);
  assert.match(foreign.body.toString(), /cannot answer for host "evil.example"/);
  const away = await ask(port, '/api/v1/labels');
  assert.equal(away.status, 503);
  assert.match(away.body.toString(), /"errorType":"unavailable","error":"cannot read metrics/);
});

async function serving(t: TestContext, reader: FakeReader, more: object = {}): Promise<number> {
  const settings = testSettings();
  const given = config.parse({ endpoint: '127.0.0.1:0', storage, ...more });
  const server = new QueryServer({
    config: given,
    settings,
    reader,
    snappy: await loadSnappy(),
    checkHost: () => undefined,
  });
  const listener = await serveHttp(given, settings, (asked, response) =>
    server.handle(asked, response),
  );
  t.after(async () => {
    await listener.close(0);
    assert.equal(settings.budget.used, 0);
  });
  return (listener.address as AddressInfo).port;
}

function many(): FakeReader {
  const reader = new FakeReader();
  for (let i = 0; i < 400; i += 1) {
    const points = Array.from({ length: 200 }, (_, k): [number, number] => [
      k * 7,
      Math.sin(k * i),
    ]);
    reader.add({ __name__: 'm', i: String(i) }, points);
  }
  return reader;
}

/** One query for all series: field 1 with an end of 10,000 ms. */
const all = Buffer.from('0a0310904e', 'hex');

test('remote read over HTTP in both forms', async (t) => {
  const reader = many();
  const port = await serving(t, reader);
  const wanted = reader.all.map(({ labels }) => labels);
  const samples = await ask(port, '/api/v1/read', {}, compressSync(all));
  assert.equal(samples.status, 200);
  assert.equal(samples.headers['content-type'], 'application/x-protobuf');
  assert.equal(samples.headers['content-encoding'], 'snappy');
  const [series] = decodeSamples(uncompressSync(samples.body, { asBuffer: true }) as Buffer);
  assert.deepEqual(
    series!.map(({ labels }) => labels),
    wanted,
  );
  const encoding = { 'content-encoding': 'snappy', 'content-type': 'application/x-protobuf' };
  const streamed = Buffer.concat([all, Buffer.from('1001', 'hex')]);
  const chunks = await ask(port, '/api/v1/read', encoding, compressSync(streamed));
  assert.equal(
    chunks.headers['content-type'],
    'application/x-streamed-protobuf; proto=prometheus.ChunkedReadResponse',
  );
  const frames = decodeFrames(chunks.body, crc32c);
  assert.deepEqual(
    frames.map(({ labels }) => labels),
    wanted,
  );
  assert.ok(frames.every(({ times }) => times.length === 200));
});

test('what remote read cannot answer is said in plain text', async (t) => {
  const reader = many();
  const port = await serving(t, reader, { max_samples: 1000, max_request_body_size: 1000 });
  const said = async (body: Uint8Array): Promise<string> => {
    const { status, body: text } = await ask(port, '/api/v1/read', {}, body);
    return `${status} ${text}`;
  };
  const limit = '400 cannot answer: more than 1000 samples; ask for less at once\n';
  assert.equal(await said(compressSync(all)), limit);
  assert.match(await said(Buffer.from('x')), /^400 cannot read snappy data/);
  const cut = compressSync(all.subarray(0, 3));
  assert.equal(
    await said(cut),
    '400 cannot read the request: length 3 of 1 bytes that are left at byte 2\n',
  );
  assert.match(await said(compressSync(Buffer.alloc(2000))), /^413 /);
  reader.failure = new MetricReadError('late', 'timeout');
  assert.equal(await said(compressSync(all)), '503 late\n');
  reader.failure = new Error('a bug');
  assert.equal(await said(compressSync(all)), '500 internal error\n');
  const { status, headers } = await ask(port, '/api/v1/read');
  assert.deepEqual([status, headers.allow], [405, 'POST']);
});

test('forms, compression of answers', async (t) => {
  const port = await serving(t, many());
  const form = { 'content-type': 'application/x-www-form-urlencoded' };
  const one = await ask(port, '/api/v1/series?limit=5', form, 'match[]={i="7"}&limit=1');
  const found = { status: 'success', data: [{ __name__: 'm', i: '7' }] };
  assert.deepEqual(JSON.parse(one.body.toString()), found);
  const plain = await ask(port, '/api/v1/label/i/values');
  const packed = await ask(port, '/api/v1/label/i/values', { 'accept-encoding': 'gzip' });
  assert.equal(packed.headers['content-encoding'], 'gzip');
  assert.deepEqual(gunzipSync(packed.body), plain.body);
});

test('a client that goes away ends its answer', async (t) => {
  const reader = many();
  for (let i = 0; i < 2000; i += 1) reader.all.push(reader.all[1]!);
  const port = await serving(t, reader, { max_concurrent: 1 });
  const path = '/api/v1/read';
  const body = compressSync(Buffer.concat([all, Buffer.from('1001', 'hex')]));
  await new Promise<void>((resolve, reject) => {
    const options = { host: '127.0.0.1', port, path, method: 'POST', agent: false };
    const asked = request(options, (response) => {
      response.once('data', () => {
        response.destroy();
        resolve();
      });
    });
    asked.on('error', reject);
    asked.end(body);
  });
  assert.equal((await ask(port, path, {}, compressSync(Buffer.of()))).status, 200);
});
