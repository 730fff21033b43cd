import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import http from 'node:http';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { z } from 'zod';
import type { Extension, HeaderMap } from '../../component/extension.ts';
import { systemClock } from '../../gateway/telemetry/clock.ts';
import { realTimeSettings } from '../../testing/settings.ts';
import { serveHttp, servePage, takesPath } from './http-listen.ts';
import { httpServerKeys } from './http-server.ts';

const closers: (() => Promise<void>)[] = [];
after(async () => {
  for (const close of closers) await close();
});

const schema = z.strictObject(httpServerKeys('127.0.0.1:0'));

async function start(
  given: object,
  extensions: ReadonlyMap<string, Extension> = new Map(),
  handle: Parameters<typeof serveHttp>[2] = (_, response, { auth }) => {
    response.end(JSON.stringify(auth ?? null));
  },
) {
  const settings = realTimeSettings(systemClock, { id: 'x', extensions });
  const listener = await serveHttp(schema.parse(given), settings, handle);
  closers.push(() => listener.close(0));
  const { port } = listener.address as net.AddressInfo;
  return { port, url: `http://127.0.0.1:${port}`, listener };
}

function authenticator(check: (headers: HeaderMap, remote: string) => object): Extension {
  const serverAuth = {
    authenticate: (headers: HeaderMap, remote: string) => ({ ...check(headers, remote) }),
  };
  return { capabilities: { serverAuth }, start: async () => {}, shutdown: async () => {} };
}

test('headers for every answer, and connections that end', async () => {
  const given = { response_headers: { 'x-a': 'b' }, keep_alives_enabled: false };
  const { url } = await start(given);
  const response = await fetch(url);
  assert.equal(response.headers.get('x-a'), 'b');
  assert.equal(response.headers.get('connection'), 'close');
});

test('who is let in, with parameters of the query as headers', async () => {
  const seen: string[] = [];
  const check = authenticator((headers, remote) => {
    seen.push(remote);
    if (headers.get('token')?.[0] !== 't') throw new Error('no token');
    return { subject: 'me' };
  });
  const auth = { authenticator: 'a', request_params: ['token'] };
  const { url } = await start({ auth, response_headers: { 'x-a': 'b' } }, new Map([['a', check]]));
  const refused = await fetch(url, { method: 'POST', body: 'x' });
  assert.deepEqual([refused.status, await refused.text()], [401, 'no token\n']);
  assert.equal(refused.headers.get('x-a'), 'b');
  assert.deepEqual(await (await fetch(`${url}?token=t`)).json(), { subject: 'me' });
  assert.equal((await fetch(url, { headers: { Token: 't' } })).status, 200);
  assert.equal(seen[0], '127.0.0.1');
});

test('browsers are told how to ask their user, other clients are not', async (t) => {
  const serverAuth = {
    challenge: 'Basic realm="x"',
    authenticate() {
      throw new Error('who?');
    },
  };
  const check = { capabilities: { serverAuth }, start: async () => {}, shutdown: async () => {} };
  const settings = realTimeSettings(systemClock, { extensions: new Map([['a', check]]) });
  const config = schema.parse({ auth: { authenticator: 'a' } });
  for (const [serve, told] of [
    [servePage, 'Basic realm="x"'],
    [serveHttp, null],
  ] as const) {
    const listener = await serve(config, settings, () => assert.fail('let in'));
    t.after(() => listener.close(0));
    const { port } = listener.address as net.AddressInfo;
    const refused = await fetch(`http://127.0.0.1:${port}`);
    assert.deepEqual([refused.status, refused.headers.get('www-authenticate')], [401, told]);
  }
});

test('extensions that are not there, or are something else', async () => {
  const other = { capabilities: {} } as Extension;
  const known = new Map([['other', other]]);
  const auth = (authenticator: string) => start({ auth: { authenticator } }, known);
  await assert.rejects(
    auth('none'),
    /cannot resolve authenticator "none": authenticator not found/,
  );
  await assert.rejects(auth('other'), /it is no server authenticator/);
  const middlewares = start({ middlewares: [{ id: 'other' }] }, known);
  await assert.rejects(middlewares, /cannot resolve middleware "other"/);
});

test('cross-origin requests', async () => {
  const cors = { allowed_origins: ['http://*.a.b'], allowed_headers: ['x-y'], max_age: 60 };
  const check = authenticator(() => {
    throw new Error('nobody');
  });
  const given = { cors, auth: { authenticator: 'a' } };
  const { url } = await start(given, new Map([['a', check]]));
  const ask = (origin: string, more: Record<string, string> = {}) =>
    fetch(url, {
      method: 'OPTIONS',
      headers: { origin, 'access-control-request-method': 'GET', ...more },
    });
  const good = await ask('http://x.a.b', { 'access-control-request-headers': 'x-y' });
  assert.equal(good.status, 204);
  assert.equal(good.headers.get('access-control-allow-origin'), 'http://x.a.b');
  assert.equal(good.headers.get('access-control-max-age'), '60');
  assert.equal((await ask('http://c')).headers.get('access-control-allow-origin'), null);
  const other = await ask('http://x.a.b', { 'access-control-request-headers': 'x-z' });
  assert.equal(other.headers.get('access-control-allow-origin'), null);
  const plain = await fetch(url, { headers: { origin: 'http://x.a.b' } });
  assert.equal(plain.status, 401);
  assert.equal(plain.headers.get('access-control-allow-origin'), 'http://x.a.b');
});

async function untilClosed(port: number, sent: string): Promise<string> {
  const socket = net.connect(port, '127.0.0.1');
  let got = '';
  socket.on('data', (chunk) => {
    got += chunk;
  });
  socket.on('error', () => undefined);
  socket.write(sent);
  await once(socket, 'close');
  return got;
}

test('requests that do not come, and answers that do not go', async () => {
  const slow = await start({ read_header_timeout: '100ms' });
  assert.match(await untilClosed(slow.port, 'GET / HTTP/1.1\r\nHost: x\r\n'), /^HTTP\/1\.1 408/);
  const never = await start({ write_timeout: '50ms' }, new Map(), () => undefined);
  assert.equal(await untilClosed(never.port, 'GET / HTTP/1.1\r\nHost: x\r\n\r\n'), '');
});

test('a socket file', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'listen-'));
  const socketPath = join(dir, 'socket');
  const { listener } = await start({ transport: 'unix', endpoint: socketPath });
  const call = http.get({ socketPath, path: '/' });
  const [response] = (await once(call, 'response')) as [http.IncomingMessage];
  assert.equal(response.statusCode, 200);
  response.resume();
  await listener.close(0);
  rmSync(dir, { recursive: true });
});

test('a drained end waits for what is open', async () => {
  const { promise: arrived, resolve: arrive } = Promise.withResolvers<http.ServerResponse>();
  const { url, listener } = await start({}, new Map(), (_, response) => arrive(response));
  const answer = fetch(url).then((response) => response.text());
  const open = await arrived;
  const closed = listener.close(10_000);
  open.end('done');
  assert.equal(await answer, 'done');
  await closed;
  await assert.rejects(fetch(url));
});

test('patterns of paths', () => {
  assert.equal(takesPath('/', '/x/y'), true);
  assert.equal(takesPath('/a', '/a'), true);
  assert.equal(takesPath('/a', '/a/b'), false);
  assert.equal(takesPath('/a/', '/a/b'), true);
  assert.equal(takesPath('/a/', '/a'), false);
});
