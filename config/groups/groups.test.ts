import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { inspect } from 'node:util';
import { z } from 'zod';
import { grpcClientKeys, grpcEndpointFault, parseGrpcEndpoint } from './grpc-client.ts';
import { grpcServer } from './grpc-server.ts';
import { checkHttpServer, httpServerKeys, maxBodyBytes } from './http-server.ts';
import { listenAddress } from './listen.ts';
import { tlsClient, tlsServer } from './tls.ts';
import { loadTlsClient, loadTlsServer } from './tls-load.ts';

const first = (result: z.ZodSafeParseResult<unknown>) => result.error?.issues[0]?.message;

test('endpoints of gRPC clients', () => {
  const read = (text: string) => {
    const { target, authority, https, resolve } = parseGrpcEndpoint(text);
    return [JSON.stringify(target), authority, https, resolve];
  };
  const target = '{"host":"a","port":1}';
  assert.deepEqual(read('a:1'), [target, 'a:1', false, true]);
  assert.deepEqual(read('http://a:1'), [target, 'a:1', false, true]);
  assert.deepEqual(read('https://a:1'), [target, 'a:1', true, true]);
  assert.deepEqual(read('dns:///a:1'), [target, 'a:1', false, true]);
  assert.deepEqual(read('dns://8.8.8.8/a:1'), [target, 'a:1', false, true]);
  assert.deepEqual(read('passthrough:///a:1'), [target, 'a:1', false, false]);
  assert.deepEqual(read('unix:///run/x'), ['{"path":"/run/x"}', 'localhost', false, false]);
  for (const bad of ['xds:///a:1', 'a:99999', 'a b:1']) {
    assert.throws(() => parseGrpcEndpoint(bad), /cannot connect to/, bad);
  }
});

test('what is wrong with an endpoint of a gRPC client', () => {
  for (const good of [
    '',
    'a:1',
    ':1',
    'http://a:1',
    'dns:///',
    'unix:///x',
    '[::1]:1',
    'a:99999',
  ]) {
    assert.equal(grpcEndpointFault(good), undefined, good);
  }
  for (const bad of ['a', 'https://a', 'unix://', 'unix:/x', 'a:b', 'a:1/', 'a:b:1', '::1:1']) {
    assert.notEqual(grpcEndpointFault(bad), undefined, bad);
  }
});

test('listening addresses', () => {
  const listen = (endpoint: string, transport: 'tcp' | 'tcp4' | 'tcp6' | 'unix' | 'udp' = 'tcp') =>
    listenAddress({ endpoint, transport });
  assert.deepEqual(listen(':1'), { port: 1 });
  assert.deepEqual(listen(''), { port: 0 });
  assert.deepEqual(listen('a:1'), { host: 'a', port: 1 });
  assert.deepEqual(listen(':1', 'tcp4'), { host: '0.0.0.0', port: 1 });
  assert.deepEqual(listen(':1', 'tcp6'), { host: '::', port: 1, ipv6Only: true });
  assert.deepEqual(listen('/x', 'unix'), { path: '/x' });
  assert.throws(() => listen('x'), /expected "host:port", got "x"/);
  assert.throws(() => listen(':1', 'udp'), /cannot listen with transport udp/);
  const schema = grpcServer('localhost:1');
  assert.match(first(schema.safeParse({ transport: '' })) ?? '', /invalid transport type/);
  assert.equal(schema.safeParse({ transport: 'carrier pigeon' }).success, false);
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
  assert.equal(maxBodyBytes(given), 20 << 20);
  assert.equal(given.read_header_timeout, 60_000);
  assert.equal(given.compression_algorithms, undefined);
  assert.notEqual(first(schema.safeParse({ http2: true })), undefined);
});

test('TLS keys that do not go together', () => {
  const server = tlsServer();
  const pair = { cert_file: 'c', key_file: 'k' };
  assert.equal(first(server.safeParse(pair)), undefined);
  assert.match(first(server.safeParse({})) ?? '', /both certificate and key for server/);
  assert.match(first(server.safeParse({ cert_file: 'c' })) ?? '', /key_file or key_pem is missing/);
  assert.match(first(server.safeParse({ ...pair, key_pem: 'x' })) ?? '', /either key file or PEM/);
  assert.equal(first(server.safeParse({ ...pair, min_version: '1.1' })), undefined);
  assert.match(first(server.safeParse({ ...pair, min_version: '1.4' })) ?? '', /min_version/);
  const crossed = { ...pair, min_version: '1.3', max_version: '1.2' };
  assert.match(first(server.safeParse(crossed)) ?? '', /cannot be greater/);
  assert.match(first(server.safeParse({ ...pair, tpm: { enabled: true } })) ?? '', /tpm/);
  assert.equal(first(tlsClient().safeParse({ ca_file: '', ca_pem: '' })), undefined);
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
