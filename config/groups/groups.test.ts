import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { inspect } from 'node:util';
import { z } from 'zod';
import { grpcClientKeys, parseGrpcEndpoint } from './grpc-client.ts';
import { grpcServer } from './grpc-server.ts';
import { checkHttpServer, httpServerKeys } from './http-server.ts';
import { listenAddress } from './listen.ts';
import { tlsClient, tlsServer } from './tls.ts';
import { loadTlsClient, loadTlsServer } from './tls-load.ts';

const first = (result: z.ZodSafeParseResult<unknown>) => result.error?.issues[0]?.message;

test('endpoints of gRPC clients', () => {
  const read = (text: string) => {
    const parsed = parseGrpcEndpoint(text);
    return parsed && [JSON.stringify(parsed.target), parsed.authority, parsed.secure];
  };
  const target = '{"host":"a","port":1}';
  assert.deepEqual(read('a:1'), [target, 'a:1', undefined]);
  assert.deepEqual(read('http://a:1'), [target, 'a:1', false]);
  assert.deepEqual(read('https://a:1/'), [target, 'a:1', true]);
  assert.deepEqual(read('https://a'), ['{"host":"a","port":443}', 'a:443', true]);
  assert.deepEqual(read('dns:///a:1'), [target, 'a:1', undefined]);
  assert.deepEqual(read('unix:///run/x'), ['{"path":"/run/x"}', 'localhost', undefined]);
  for (const bad of ['', 'a', ':1', 'ftp://a:1', 'a:99999', 'a:1/path']) {
    assert.equal(read(bad), undefined, bad);
  }
});

test('listening addresses', () => {
  assert.deepEqual(listenAddress({ endpoint: ':1', transport: 'tcp' }), { port: 1 });
  assert.deepEqual(listenAddress({ endpoint: '/x', transport: 'unix' }), { path: '/x' });
  const schema = grpcServer('localhost:1');
  assert.equal(first(schema.safeParse({ endpoint: 'x' })), 'expected "host:port", got "x"');
  assert.equal(first(schema.safeParse({ endpoint: '/x', transport: 'unix' })), undefined);
});

test('keepalive of servers, in milliseconds', () => {
  const { keepalive } = grpcServer('localhost:1').parse({
    keepalive: { server_parameters: { max_connection_age: '1m' }, enforcement_policy: null },
  });
  assert.equal(keepalive?.server_parameters?.max_connection_age, 60_000);
  assert.equal(keepalive?.enforcement_policy?.permit_without_stream, false);
});

test('HTTP server defaults', () => {
  const schema = z.strictObject(httpServerKeys('localhost:1')).superRefine(checkHttpServer);
  const given = schema.parse({});
  assert.equal(given.max_request_body_size, 20 << 20);
  assert.equal(given.read_header_timeout, 60_000);
  assert.equal(given.compression_algorithms.length, 8);
  assert.notEqual(first(schema.safeParse({ http2: true })), undefined);
});

test('TLS keys that do not go together', () => {
  const server = tlsServer();
  const pair = { cert_file: 'c', key_file: 'k' };
  assert.equal(first(server.safeParse(pair)), undefined);
  assert.equal(first(server.safeParse({})), 'a TLS server needs cert_file and key_file');
  assert.match(first(server.safeParse({ cert_file: 'c' })) ?? '', /key_file or key_pem is missing/);
  const both = { ...pair, key_pem: 'x' };
  assert.equal(first(server.safeParse(both)), 'key_file and key_pem cannot both be given');
  assert.match(first(server.safeParse({ ...pair, min_version: '1.1' })) ?? '', /1\.2/);
  const secret = inspect(tlsClient().parse({ key_pem: 'hush', cert_pem: 'hush' }));
  assert.doesNotMatch(secret, /hush/);
});

test('certificates are read, and a file that is not there is named', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'groups-'));
  try {
    const args = ['-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
    const out = ['-keyout', 'k.pem', '-out', 'c.pem', '-subj', '/CN=x'];
    execFileSync('openssl', ['req', ...args, ...out], { cwd: dir, stdio: 'ignore' });
    const files = { cert_file: join(dir, 'c.pem'), key_file: join(dir, 'k.pem') };
    const server = await loadTlsServer(
      tlsServer().parse({
        ...files,
        client_ca_file: files.cert_file,
        cipher_suites: ['TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256'],
        curve_preferences: ['X25519', 'P256'],
      }),
    );
    assert.match(String(server.cert), /BEGIN CERTIFICATE/);
    assert.deepEqual([server.requestCert, server.rejectUnauthorized], [true, true]);
    assert.match(server.ciphers ?? '', /ECDHE-RSA-AES128-GCM-SHA256$/);
    assert.equal(server.ecdhCurve, 'X25519:P-256');
    const client = await loadTlsClient(
      tlsClient().parse({
        ca_file: files.cert_file,
        server_name_override: 'x',
        min_version: '1.3',
      }),
    );
    assert.deepEqual([client.servername, client.minVersion], ['x', 'TLSv1.3']);
    const absent = tlsClient().parse({ ca_file: join(dir, 'absent.pem') });
    await assert.rejects(loadTlsClient(absent), /cannot read TLS file ".*absent\.pem"/);
  } finally {
    rmSync(dir, { recursive: true });
  }
});

test('headers of clients are secret', () => {
  const schema = z.strictObject(grpcClientKeys({ compression: 'gzip' }));
  const given = schema.parse({ endpoint: 'a:1', headers: { authorization: 'Bearer hush' } });
  assert.doesNotMatch(inspect(given) + JSON.stringify(given), /hush/);
});
