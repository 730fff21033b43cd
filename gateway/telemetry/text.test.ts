import assert from 'node:assert/strict';
import test from 'node:test';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import fc from 'fast-check';
import { escapingOf } from './accept.ts';
import { createMeter } from './meter.ts';
import { serveMetrics } from './metrics-server.ts';
import { Outbox, outboxesOf } from './outbox.ts';
import { nameWithSuffixes, written } from './prometheus-name.ts';
import { prometheusText } from './prometheus-text.ts';

test('names that are no plain Prometheus names', () => {
  const name = 'http.server_time-é';
  assert.equal(written('plain_name', 'dots'), 'plain_name');
  assert.equal(written(name, 'underscores'), 'http_server_time__');
  assert.equal(written(name, 'allow-utf-8'), `"${name}"`);
  assert.equal(written('http.server_time', 'dots'), 'http_dot_server__time');
  assert.equal(written('a.b_c', 'values'), 'U__a_2e_b__c');
  assert.equal(written('1a', 'underscores'), '_1a');
});

test('written names are plain or in quotes', () => {
  const escapings = fc.constantFrom('underscores', 'dots', 'values', 'allow-utf-8' as const);
  fc.assert(
    fc.property(fc.string({ minLength: 1 }), escapings, (name, escaping) => {
      const text = written(name, escaping as 'dots');
      assert.match(text, escaping === 'allow-utf-8' ? /^(".*"|[\w:]+)$/s : /^[a-zA-Z_:][\w:]*$/);
    }),
  );
});

test('units and types at the end of names', () => {
  assert.equal(nameWithSuffixes('a_total', 'counter', 'By'), 'a_bytes_total');
  assert.equal(nameWithSuffixes('a.size', 'histogram', 's'), 'a.size_seconds');
  assert.equal(nameWithSuffixes('a', 'updown', '1'), 'a');
  assert.equal(nameWithSuffixes('a', 'gauge', '1'), 'a_ratio');
  assert.equal(nameWithSuffixes('a', 'gauge', '{item}'), 'a');
  assert.equal(nameWithSuffixes('time_seconds', 'gauge', 's'), 'time_seconds');
});

test('what a reader asks for', () => {
  const prometheus3 =
    'application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,' +
    'text/plain;version=0.0.4;q=0.2,*/*;q=0.1';
  assert.equal(escapingOf(prometheus3), 'allow-utf-8');
  assert.equal(escapingOf('text/plain;escaping=dots,text/plain;escaping=values'), 'dots');
  assert.equal(escapingOf('text/plain; escaping=nothing'), 'underscores');
  assert.equal(escapingOf(undefined), 'underscores');
  fc.assert(fc.property(fc.string(), (accept) => escapingOf(accept).length > 0));
});

test('names in quotes, scopes, labels of all', async () => {
  const meter = createMeter();
  meter
    .histogram('http.server.x', { description: 'X', unit: 's' }, [1e6])
    .record(1, { 'a.b': 'c"' });
  meter.counter('otelcol_receiver_accepted_spans', { description: '', unit: '1' }).add(1);
  const options = { suffixes: false, scopes: true, labels: { shard: '7' } };
  const { text, contentType } = await prometheusText(meter.collect(), {
    ...options,
    escaping: 'allow-utf-8',
  });
  assert.match(contentType, /; escaping=allow-utf-8$/);
  const scope = (name: string) =>
    `otel_scope_name="${name}",otel_scope_schema_url="",otel_scope_version="",shard="7"`;
  const http = scope('go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp');
  const lines = text.split('\n');
  assert.ok(lines.includes('# TYPE "http.server.x" histogram'), text);
  assert.ok(lines.includes(`{"http.server.x_bucket","a.b"="c\\"",${http},le="1e+06"} 1`), text);
  const receiver = scope('go.opentelemetry.io/collector/receiver/receiverhelper');
  assert.ok(lines.includes(`otelcol_receiver_accepted_spans{${receiver}} 1`), text);
});

test('answers are packed for those who take it', async () => {
  const meter = createMeter();
  meter.counter('c', { description: '', unit: '' }).add(1);
  const server = await serveMetrics('127.0.0.1', 0, meter);
  try {
    const { request } = await import('node:http');
    const ask = (encoding: string) =>
      new Promise<{ encoding: string | undefined; body: Buffer }>((resolve, reject) => {
        const headers = { 'accept-encoding': encoding };
        const path = { host: '127.0.0.1', port: server.port, path: '/metrics', headers };
        request(path, (response) => {
          const chunks: Buffer[] = [];
          response.on('data', (chunk: Buffer) => chunks.push(chunk));
          response.on('end', () =>
            resolve({
              encoding: response.headers['content-encoding'],
              body: Buffer.concat(chunks),
            }),
          );
        })
          .on('error', reject)
          .end();
      });
    const packed = await ask('deflate, gzip;q=0.5');
    assert.equal(packed.encoding, 'gzip');
    assert.match(String(await promisify(gunzip)(packed.body)), /^c 1$/m);
    const plain = await ask('gzip;q=0');
    assert.equal(plain.encoding, undefined);
    assert.match(plain.body.toString(), /^c 1$/m);
  } finally {
    await server.close();
  }
});

test('what waits to be sent is bounded', () => {
  const outbox = new Outbox<number>({ maxWaiting: 5, batchSize: 2 });
  let full = 0;
  outbox.whenFull(() => {
    full += 1;
  });
  for (let i = 0; i < 8; i += 1) outbox.add(i);
  assert.deepEqual([outbox.waiting, outbox.dropped, full], [5, 3, 1]);
  assert.deepEqual([...outbox.take()], [[0, 1], [2, 3], [4]]);
  assert.equal(outbox.waiting, 0);
  const [simple, batch] = outboxesOf<number>([{}, { batch: { max_queue_size: 1 } }]);
  simple?.add(1);
  simple?.add(2);
  batch?.add(1);
  batch?.add(2);
  assert.deepEqual([...simple!.take()], [[1], [2]]);
  assert.deepEqual([[...batch!.take()], batch?.dropped], [[[1]], 1]);
});
