import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import http from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, beforeEach, test } from 'node:test';
import zlib from 'node:zlib';
import grpc from '@grpc/grpc-js';
import { permanent, retryable } from '../../testing/sinks.ts';
import { sampleBatch } from '../../testing/spans.ts';
import { createCompressor } from '../../wire/compression/compressor.ts';
import { otlpPaths } from '../../wire/grpc/otlp-paths.ts';
import { makeClient } from '../../wire/grpc/testing.ts';
import { Code } from '../../wire/status/code.ts';
import { decodeStatus } from '../../wire/status/status.ts';
import { config } from './config.ts';
import { type Running, spans, startReceiver } from './testing.ts';

let running: Running;
before(async () => {
  running = await startReceiver({ grpc: { max_recv_msg_size_mib: 1, include_metadata: true } });
});
after(() => running.receiver.shutdown());
beforeEach(() => {
  running.traces.batches.length = 0;
  running.traces.contexts.length = 0;
});

const same = (bytes: Buffer): Buffer => bytes;

function unary(
  port: number,
  path: string,
  message: Buffer,
  credentials = grpc.credentials.createInsecure(),
  metadata = new grpc.Metadata(),
): Promise<{ error: grpc.ServiceError | null; answer: Buffer | undefined }> {
  const client = new grpc.Client(`localhost:${port}`, credentials, { 'grpc.enable_retries': 0 });
  return new Promise((resolve) => {
    const deadline = Date.now() + 5000;
    client.makeUnaryRequest(path, same, same, message, metadata, { deadline }, (error, answer) => {
      client.close();
      resolve({ error, answer });
    });
  });
}

test('all signals that have a pipeline are taken, others are UNIMPLEMENTED', async () => {
  const metadata = new grpc.Metadata();
  metadata.set('x-tenant', 'a');
  const insecure = grpc.credentials.createInsecure();
  const { grpcPort } = running;
  const sent = await unary(grpcPort, otlpPaths.traces, spans(3), insecure, metadata);
  assert.deepEqual([sent.error, sent.answer?.length], [null, 0]);
  const logs = Buffer.concat(sampleBatch('logs', 2).ranges());
  const metrics = Buffer.concat(sampleBatch('metrics', 2).ranges());
  assert.equal((await unary(grpcPort, otlpPaths.logs, logs)).error, null);
  assert.equal((await unary(grpcPort, otlpPaths.metrics, metrics)).error, null);
  assert.equal((await unary(grpcPort, otlpPaths.traces, Buffer.alloc(0))).error, null);
  const { error } = await unary(grpcPort, otlpPaths.profiles, Buffer.alloc(0));
  assert.equal(error?.code, grpc.status.UNIMPLEMENTED);
  assert.deepEqual([running.traces.items, running.logs.items, running.metrics.items], [3, 2, 2]);
  const [context] = running.traces.contexts;
  assert.deepEqual(context?.client.metadata.get('x-tenant'), ['a']);
  assert.ok((context?.deadlineMs ?? 0) < performance.now() + 6000);
  const labels = { receiver: 'otlp', transport: 'grpc' };
  assert.equal(running.settings.meter.value('otelcol_receiver_accepted_spans', labels), 3);
  assert.equal(running.settings.budget.used, 0);
});

test('bad messages: not OTLP, too large, bombs', async () => {
  const cut = await unary(running.grpcPort, otlpPaths.traces, spans(3).subarray(0, 50));
  assert.equal(cut.error?.code, grpc.status.INVALID_ARGUMENT);
  assert.match(cut.error?.details ?? '', /cannot read/);
  const large = await unary(running.grpcPort, otlpPaths.traces, Buffer.alloc(1_100_000));
  assert.equal(large.error?.code, grpc.status.RESOURCE_EXHAUSTED);
  assert.equal(large.error?.metadata.get('grpc-status-details-bin').length, 0, 'not retryable');
  const soon = performance.now() + 5000;
  for (const encoding of ['gzip', 'zstd', 'snappy'] as const) {
    const client = makeClient(running.grpcPort, { path: otlpPaths.traces, encoding });
    const compress = await createCompressor(encoding === 'snappy' ? 'x-snappy-framed' : encoding);
    const bomb = await compress([Buffer.alloc(15 << 20)]);
    await assert.rejects(client.call([bomb], true, soon), { code: Code.RESOURCE_EXHAUSTED });
    await assert.rejects(client.call([Buffer.from('junk')], true, soon), { code: Code.INTERNAL });
    client.close();
  }
  assert.equal(running.traces.batches.length, 0);
  assert.equal(running.settings.budget.used, 0);
});

test('compressed requests are taken', async () => {
  for (const encoding of ['gzip', 'deflate', 'zstd', 'snappy'] as const) {
    const client = makeClient(running.grpcPort, { path: otlpPaths.traces, encoding });
    const compress = await createCompressor(encoding === 'snappy' ? 'x-snappy-framed' : encoding);
    for (const count of [1, 2000]) {
      const packed = await compress([spans(count)]);
      await client.call([packed], true, performance.now() + 5000);
    }
    client.close();
  }
  assert.equal(running.traces.items, 4 * 2001);
  assert.equal(running.settings.budget.used, 0);
});

test('what the pipeline refuses', async () => {
  running.traces.failures.push(retryable('busy', { retryAfterMs: 2500 }), permanent('never'));
  const busy = await unary(running.grpcPort, otlpPaths.traces, spans(1));
  assert.equal(busy.error?.code, grpc.status.UNAVAILABLE);
  const [details] = busy.error?.metadata.get('grpc-status-details-bin') ?? [];
  assert.deepEqual(decodeStatus(details as Buffer), {
    code: Code.UNAVAILABLE,
    message: 'busy',
    retryDelayMs: 2500,
  });
  const never = await unary(running.grpcPort, otlpPaths.traces, spans(1));
  assert.equal(never.error?.code, grpc.status.INTERNAL);
});

test('TLS, and clients must show their certificate', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'otlp-tls-'));
  const file = (name: string): string => join(dir, name);
  const run = (...args: string[]): void => {
    execFileSync('openssl', args, { cwd: dir, stdio: 'ignore' });
  };
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
  run(
    'req',
    '-x509',
    ...key,
    '-keyout',
    'ca.key',
    '-out',
    'ca.pem',
    '-subj',
    '/CN=ca',
    '-days',
    '2',
  );
  for (const name of ['server', 'client']) {
    run(
      'req',
      ...key,
      '-keyout',
      `${name}.key`,
      '-out',
      `${name}.csr`,
      '-subj',
      `/CN=${name}`,
      '-addext',
      'subjectAltName=DNS:localhost',
    );
    run(
      'x509',
      '-req',
      '-in',
      `${name}.csr`,
      '-CA',
      'ca.pem',
      '-CAkey',
      'ca.key',
      '-out',
      `${name}.pem`,
      '-days',
      '2',
      '-copy_extensions',
      'copy',
    );
  }
  const tls = {
    cert_file: file('server.pem'),
    key_file: file('server.key'),
    client_ca_file: file('ca.pem'),
  };
  const secure = await startReceiver({ grpc: { tls }, http: { tls } });
  try {
    const ca = readFileSync(file('ca.pem'));
    const own = [readFileSync(file('client.key')), readFileSync(file('client.pem'))] as const;
    const known = grpc.credentials.createSsl(ca, ...own);
    const sent = await unary(secure.grpcPort, otlpPaths.traces, spans(2), known);
    assert.equal(sent.error, null);
    const strange = grpc.credentials.createSsl(ca);
    const refused = await unary(secure.grpcPort, otlpPaths.traces, spans(2), strange);
    assert.equal(refused.error?.code, grpc.status.UNAVAILABLE);
    assert.equal(secure.traces.items, 2);
  } finally {
    await secure.receiver.shutdown();
    rmSync(dir, { recursive: true });
  }
});

test('a port that is taken is named', async () => {
  const endpoint = `127.0.0.1:${running.grpcPort}`;
  await assert.rejects(startReceiver({ grpc: { endpoint } }), {
    message: new RegExp(`^cannot listen on ${endpoint}: .*EADDRINUSE`),
  });
});

test('configuration: what is not there is refused', () => {
  const bad = [
    {},
    { protocols: {} },
    { protocols: { grpc: { auth: { authenticator: '/x' } } } },
    { protocols: { grpc: { transport: 'nowhere' } } },
    { protocols: { grpc: { tls: {} } } },
    { protocols: { http: { compression_algorithms: 5 } } },
    { protocols: { http: { traces_url_path: '%zz' } } },
    { protocols: { grpc: { tls: { cert_file: 'a', cert_pem: 'b', key_file: 'c' } } } },
  ];
  for (const one of bad) assert.equal(config.safeParse(one).success, false, JSON.stringify(one));
  const both = config.parse({ protocols: { grpc: null, http: {} } });
  assert.equal(both.protocols.grpc?.endpoint, 'localhost:4317');
  assert.equal(both.protocols.http?.endpoint, 'localhost:4318');
});

test('a compressed message with a wrong flag is refused', async () => {
  const client = makeClient(running.grpcPort, { path: otlpPaths.traces });
  const call = client.call([zlib.gzipSync(spans(1))], true, performance.now() + 5000);
  await assert.rejects(call, { code: Code.INTERNAL, message: /compressed flag/ });
  client.close();
});

test('addresses of clients, with a listener for IPv4 and IPv6', async (t) => {
  const both = { endpoint: '[::]:0' };
  const other = await startReceiver({ grpc: both, http: both }).catch(() => undefined);
  if (other === undefined) return t.skip('no IPv6');
  t.after(() => other.receiver.shutdown());
  const from = async (host: string): Promise<(string | undefined)[]> => {
    const target = { host, port: other.grpcPort };
    const client = makeClient(other.grpcPort, { path: otlpPaths.traces, target });
    await client.call([spans(1)], false, performance.now() + 5000);
    client.close();
    const call = http.request({ host, port: other.httpPort, path: '/v1/traces', method: 'POST' });
    call.setHeader('content-type', 'application/x-protobuf');
    call.end(spans(1));
    const [response] = (await once(call, 'response')) as [http.IncomingMessage];
    response.resume();
    return other.traces.contexts.splice(0).map(({ client: { address } }) => address);
  };
  const [grpc4, http4] = await from('127.0.0.1');
  assert.match(grpc4 ?? '', /^127\.0\.0\.1:\d+$/);
  assert.equal(http4, '127.0.0.1');
  const [grpc6, http6] = await from('::1');
  assert.match(grpc6 ?? '', /^\[::1\]:\d+$/);
  assert.equal(http6, '::1');
});
