import assert from 'node:assert/strict';
import { once } from 'node:events';
import http from 'node:http';
import { type TestContext, test } from 'node:test';
import { z } from 'zod';
import type { Holder } from '../../component/settings.ts';
import { systemClock } from '../../gateway/telemetry/clock.ts';
import { createListeners } from '../../pipeline/listeners.ts';
import { freePort } from '../../testing/ports.ts';
import { realTimeSettings } from '../../testing/settings.ts';
import { type Listener, type ServedPaths, serveHttp } from './http-listen.ts';
import { httpServerKeys } from './http-server.ts';

const schema = z.strictObject(httpServerKeys('127.0.0.1:0'));

interface Shop {
  readonly holder: { leaving: boolean } & Holder;
  readonly listener: Listener;
}

/** Components of one program at one address. */
async function street(t: TestContext) {
  const port = await freePort();
  const listeners = createListeners();
  const shops = new Set<Shop>();
  t.after(() => Promise.all([...shops].map(({ listener }) => listener.close(0))));

  async function open(
    name: string,
    paths: readonly string[] | undefined,
    more: { rest?: boolean; says?: string; config?: object; wait?: () => Promise<void> } = {},
  ): Promise<Shop> {
    const holder = { name: `receiver/${name}`, leaving: false };
    const base = realTimeSettings(systemClock, { id: name });
    const settings = { ...base, host: { ...base.host, listeners: listeners.of(holder) } };
    const served: ServedPaths | undefined = paths && { paths, rest: more.rest === true };
    const config = schema.parse({ endpoint: `127.0.0.1:${port}`, ...more.config });
    const listener = await serveHttp(
      config,
      settings,
      async (_, response) => {
        await more.wait?.();
        response.end(more.says ?? name);
      },
      served,
    );
    const shop = { holder, listener };
    shops.add(shop);
    return shop;
  }

  const get = async (path: string): Promise<string> => {
    const headers = { connection: 'close' };
    return (await fetch(`http://127.0.0.1:${port}${path}`, { headers })).text();
  };
  return { open, get, port, listeners };
}

test('each component gets its paths, whoever leaves first', async (t) => {
  const { open, get } = await street(t);
  const a = await open('a', ['/a', '/both/a']);
  assert.equal(await get('/b'), 'a');
  const b = await open('b', ['/b'], { rest: true });
  const c = await open('c', ['/c']);
  const paths = ['/a?x=/b', '/both/a', '/b', '/c', '/', '/c/d'];
  const answers = async () => Promise.all(paths.map(get));
  assert.deepEqual(await answers(), ['a', 'a', 'b', 'c', 'b', 'b']);
  await a.listener.close(1000);
  assert.equal(await get('/b'), 'b');
  await b.listener.close(1000);
  assert.equal(await get('/b'), 'c');
  await c.listener.close(1000);
  await assert.rejects(get('/c'));
});

test('what cannot be together is refused, and the first stays', async (t) => {
  const { open, get } = await street(t);
  await open('a', ['/a', '/x'], { rest: true, config: { cors: { allowed_origins: ['*'] } } });
  const cors = { allowed_origins: ['*'] };
  const refused = (name: string, paths: string[] | undefined, config: object, rest = false) =>
    assert.rejects(open(name, paths, { config, rest }), (error: Error) => {
      assert.match(error.message, /receiver\/a\b/);
      reasons.push(error.message);
      return true;
    });
  const reasons: string[] = [];
  await refused('b', ['/b'], {});
  await refused('b', ['/b'], { cors, idle_timeout: '5m' });
  await refused('b', ['/b'], { cors, max_request_body_size: 10 });
  await refused('b', ['/b', '/x'], { cors });
  await refused('b', ['/b'], { cors }, true);
  await refused('b', undefined, { cors });
  assert.deepEqual(reasons, [
    'address shared with receiver/a, which has another cors: both need the same',
    'address shared with receiver/a, which has another idle_timeout: both need the same',
    'address shared with receiver/a, which has another max_request_body_size: both need the same',
    'path /x is already served there by receiver/a',
    'all other paths are already served there by receiver/a',
    'address already in use by receiver/a',
  ]);
  const fine = { cors, max_request_body_size: 20 << 20, write_timeout: '9s' };
  await open('b', ['/b'], { config: fine });
  assert.deepEqual([await get('/a'), await get('/b')], ['a', 'b']);
});

test('what shares with nobody is in the way of all, also of other protocols', async (t) => {
  const { open, get, port, listeners } = await street(t);
  const a = await open('a', undefined);
  await assert.rejects(open('b', ['/b']), /address already in use by receiver\/a$/);
  const other = listeners.of({ name: 'receiver/grpc', leaving: false });
  const attach = () =>
    other.attach(
      http.createServer(),
      { host: '127.0.0.1', port },
      { allowHalfOpen: true },
      () => {},
    );
  await assert.rejects(attach(), /address already in use by receiver\/a$/);
  assert.equal(await get('/'), 'a');
  const b = open('b', ['/b']);
  await assert.rejects(b);
  await a.listener.close(0);
  const attached = await attach();
  await assert.rejects(open('b', ['/b']), /address already in use by receiver\/grpc$/);
  attached.detach();
});

test('nobody joins a server that ends', async (t) => {
  const { open, get } = await street(t);
  const a = await open('a', ['/a']);
  const closed = a.listener.close(1000);
  await open('b', ['/b']);
  await closed;
  assert.equal(await get('/b'), 'b');
});

test('the address goes over to those that stay', async (t) => {
  const { open, port, listeners } = await street(t);
  const a = await open('a', ['/a']);
  await open('b', ['/b']);
  await a.listener.close(0);
  const other = listeners.of({ name: 'receiver/grpc', leaving: false });
  await assert.rejects(
    other.attach(
      http.createServer(),
      { host: '127.0.0.1', port },
      { allowHalfOpen: true },
      () => {},
    ),
    /address already in use by receiver\/b$/,
  );
});

test('an instance is replaced behind the server, and its open requests are waited for', async (t) => {
  const { open, get, port } = await street(t);
  const held = Promise.withResolvers<void>();
  const came = Promise.withResolvers<void>();
  const wait = () => {
    came.resolve();
    return held.promise;
  };
  const old = await open('a', ['/a'], { says: 'old', wait });
  await open('b', ['/b']);
  const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
  t.after(() => agent.destroy());
  const ask = async (path: string): Promise<string> => {
    const request = http.get({ host: '127.0.0.1', port, path, agent });
    const [response] = (await once(request, 'response')) as [http.IncomingMessage];
    let text = '';
    for await (const chunk of response) text += String(chunk);
    return text;
  };
  assert.equal(await ask('/b'), 'b');
  const asked = get('/a');
  await came.promise;
  old.holder.leaving = true;
  await open('a', ['/a'], { says: 'new' });
  const closed = old.listener.close(10_000);
  assert.equal(await ask('/a'), 'new');
  held.resolve();
  assert.equal(await asked, 'old');
  await closed;
  assert.deepEqual([await ask('/a'), await ask('/b')], ['new', 'b']);
});

test('all at an address may change what they have in common', async (t) => {
  const { open, get } = await street(t);
  const olds = [await open('a', ['/a']), await open('b', ['/b'])];
  for (const { holder } of olds) holder.leaving = true;
  const config = { max_request_body_size: 10 };
  await open('a', ['/a'], { config, says: 'new a' });
  assert.deepEqual([await get('/a'), await get('/b')], ['new a', 'b']);
  await open('b', ['/b'], { config, says: 'new b' });
  await Promise.all(olds.map(({ listener }) => listener.close(0)));
  assert.deepEqual([await get('/a'), await get('/b')], ['new a', 'new b']);
});

test('what comes over an older connection goes to those that are there now', async (t) => {
  const { open, port } = await street(t);
  const olds = [await open('a', ['/a']), await open('b', ['/b'], { rest: true })];
  const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
  t.after(() => agent.destroy());
  const ask = async (path: string): Promise<string> => {
    const request = http.get({ host: '127.0.0.1', port, path, agent });
    const [response] = (await once(request, 'response')) as [http.IncomingMessage];
    let text = '';
    for await (const chunk of response) text += String(chunk);
    return text;
  };
  assert.equal(await ask('/a'), 'a');
  for (const { holder } of olds) holder.leaving = true;
  const config = { max_request_body_size: 10 };
  await open('a', ['/a'], { config, says: 'new a' });
  await olds[0]!.listener.close(0);
  await open('b', ['/b'], { config, rest: true, says: 'new b' });
  assert.equal(await ask('/a'), 'new a');
  const closed = olds[1]!.listener.close(0);
  assert.equal(await ask('/b'), 'new b');
  assert.equal(await ask('/a'), 'new a');
  await closed;
});

test('a change that is taken back gives the address back', async (t) => {
  const { open, get } = await street(t);
  const [oldA, b] = [await open('a', ['/a']), await open('b', ['/b'])];
  for (const { holder } of [oldA, b]) holder.leaving = true;
  const config = { max_request_body_size: 10 };
  const newA = await open('a', ['/a'], { config });
  await oldA.listener.close(0);
  // Something else could not start: b, which is still there, stays, and a is as it was.
  b.holder.leaving = false;
  newA.holder.leaving = true;
  await open('a', ['/a'], { says: 'a again' });
  await newA.listener.close(0);
  assert.deepEqual([await get('/a'), await get('/b')], ['a again', 'b']);
});
