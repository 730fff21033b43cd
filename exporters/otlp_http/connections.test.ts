import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import http from 'node:http';
import http2 from 'node:http2';
import type { AddressInfo, Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import fc from 'fast-check';
import type { ClientAuth, Extension } from '../../component/extension.ts';
import { tlsServer } from '../../config/groups/tls.ts';
import { loadTlsServer } from '../../config/groups/tls-load.ts';
import { systemClock } from '../../gateway/telemetry/clock.ts';
import { Authority } from '../../integration/lib/certificates.ts';
import { CookieJar } from '../../pipeline/http-client/cookies.ts';
import { realTimeSettings } from '../../testing/settings.ts';
import { sampleBatch } from '../../testing/spans.ts';
import { OtlpHttpBackend } from './backend.ts';
import { config } from './config.ts';

const closers: (() => unknown)[] = [];
after(async () => {
  for (const close of closers.reverse()) await close();
});

async function exporter(given: object, extensions: ReadonlyMap<string, Extension> = new Map()) {
  const settings = realTimeSettings(systemClock, { id: 'otlp_http', extensions });
  const backend = new OtlpHttpBackend('traces', settings, config.parse(given));
  await backend.start();
  closers.push(() => backend.shutdown());
  return (items = 1) =>
    backend.push(sampleBatch('traces', items), {
      number: 1,
      previousUnknown: false,
      deadlineMs: systemClock.monotonicMs() + 5000,
    });
}

async function server(answer: http.RequestListener) {
  const made = http.createServer((request, response) => {
    request.resume();
    request.on('end', () => answer(request, response));
  });
  made.listen(0, '127.0.0.1');
  await once(made, 'listening');
  closers.push(() => {
    made.closeAllConnections();
    made.close();
  });
  return `http://127.0.0.1:${(made.address() as AddressInfo).port}`;
}

test('cookies come back where that is asked for', async () => {
  const seen: (string | undefined)[] = [];
  const endpoint = await server((request, response) => {
    seen.push(request.headers.cookie);
    response.setHeader('set-cookie', [
      'route=1; Path=/',
      'else=2; Path=/other',
      'gone=3; Max-Age=0',
    ]);
    response.end();
  });
  const keeping = await exporter({ endpoint, cookies: {} });
  for (let i = 0; i < 2; i += 1) await keeping();
  const plain = await exporter({ endpoint });
  for (let i = 0; i < 2; i += 1) await plain();
  assert.deepEqual(seen, [undefined, 'route=1', undefined, undefined]);
});

test('what a jar keeps', () => {
  const jar = new CookieJar(new URL('http://a.b.c/v1/traces'));
  jar.take(['a=1; Domain=b.c; Expires=Thu, 01 Jan 1970 00:00:10 GMT', 'b=2; Secure', 'c=3'], 0);
  jar.take(['d=4; Domain=x.c', '=5', 'e', 'f=6; Path=/v1', 'g=7; Path=/v1/tra'], 0);
  assert.equal(jar.header(0), 'a=1; c=3; f=6');
  assert.equal(jar.header(10_000), 'c=3; f=6');
  jar.take('c=; Max-Age=-1', 0);
  assert.equal(jar.header(10_000), 'f=6');
  jar.take(
    Array.from({ length: 100 }, (_, i) => `n${i}=x`),
    0,
  );
  assert.equal(jar.header(10_000)?.split('; ').length, 50);
  fc.assert(
    fc.property(fc.array(fc.string()), (headers) => {
      const other = new CookieJar(new URL('https://a/'));
      other.take(headers, 0);
      assert.doesNotMatch(other.header(0) ?? '', /^;|; ;/);
    }),
  );
});

test('through a proxy, named or from the environment', async () => {
  const asked: string[] = [];
  const endpoint = await server((_, response) => void response.end());
  const proxy = http.createServer((request, response) => {
    asked.push(`${request.method} ${request.url}`);
    const { method, headers } = request;
    const onward = http.request(request.url!, { method: method!, headers }, (answer) => {
      response.writeHead(answer.statusCode!);
      answer.pipe(response);
    });
    request.pipe(onward);
  });
  proxy.listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  closers.push(() => {
    proxy.closeAllConnections();
    proxy.close();
  });
  const proxy_url = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
  await (await exporter({ endpoint, proxy_url }))();
  assert.deepEqual(asked, [`POST ${endpoint}/v1/traces`]);
});

/** An https server that speaks both versions, and how it was spoken to. */
async function secureServer(dir: string, authority: Authority) {
  const { cert, key } = authority.issue('server');
  const tls = await loadTlsServer(tlsServer().parse({ cert_file: cert, key_file: key }));
  const versions: string[] = [];
  const connections = new Set<Socket>();
  const made = http2.createSecureServer({ ...tls, allowHTTP1: true }, (request, response) => {
    versions.push(request.httpVersion);
    request.resume();
    request.on('end', () => response.end());
  });
  made.on('secureConnection', (socket) => connections.add(socket));
  made.listen(0, '127.0.0.1');
  await once(made, 'listening');
  closers.push(() => {
    for (const socket of connections) socket.destroy();
    made.close();
    rmSync(dir, { recursive: true });
  });
  const endpoint = `https://localhost:${(made.address() as AddressInfo).port}`;
  return { endpoint, versions, connections, tls: { ca_file: authority.file } };
}

test('HTTP/2 over TLS, unless it is not wanted; many at once', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'otlp-http-'));
  const { endpoint, versions, tls, connections } = await secureServer(dir, new Authority(dir));
  const push = await exporter({ endpoint, tls, max_conns_per_host: 3 });
  await Promise.all(Array.from({ length: 60 }, (_, i) => push(i * 20 + 1)));
  assert.deepEqual(new Set(versions.splice(0)), new Set(['2.0']));
  assert.ok(connections.size <= 3, `${connections.size} connections`);
  await (await exporter({ endpoint, tls, force_attempt_http2: false }))();
  assert.deepEqual(versions.splice(0), ['1.1']);
  for (const socket of connections) socket.destroy();
  for (let i = 0; ; i += 1) {
    const error = await push().then(
      () => undefined,
      (reason: Error) => reason,
    );
    if (error === undefined) break;
    assert.ok(i < 5, error.message);
  }
});

test('credentials of an extension, and what it takes away', async () => {
  const seen: http.IncomingHttpHeaders[] = [];
  const endpoint = await server((request, response) => {
    seen.push(request.headers);
    response.end();
  });
  let fail = false;
  const clientAuth: ClientAuth = {
    needsTls: true,
    async headers({ headers }) {
      if (fail) throw new Error('no token now');
      return [
        ['authorization', `for ${headers.get('x-a')}`],
        ['x-a', undefined],
      ];
    },
  };
  const extension = { capabilities: { clientAuth } } as Extension;
  const given = { endpoint, headers: { 'X-A': 'b' }, auth: { authenticator: 'a' } };
  const push = await exporter(given, new Map([['a', extension]]));
  await push();
  assert.deepEqual([seen[0]?.authorization, seen[0]?.['x-a']], ['for b', undefined]);
  fail = true;
  await assert.rejects(push(), { retryable: true, message: /no token now/ });
  await assert.rejects(exporter(given), /cannot resolve authenticator "a"/);
});

test('what can only be told at start', async () => {
  const cannot = async (given: object, what: RegExp) => assert.rejects(exporter(given), what);
  await cannot({ endpoint: 'localhost:4318' }, /expected an http or https URL/);
  await cannot({ endpoint: 'http://a', headers: { 'a b': 'c' } }, /invalid header name "a b"/);
  await cannot({ endpoint: 'http://a', middlewares: [{ id: 'x' }] }, /cannot resolve middleware/);
  await cannot({ endpoint: 'https://a', tls: { ca_file: '/nowhere' } }, /cannot read TLS file/);
});
