/** What clients who wait, or do not read, may hold up: nothing. */
import assert from 'node:assert/strict';
import { Agent, get, type IncomingMessage, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type TestContext, test } from 'node:test';
import { hostCheck } from '../../config/groups/host-check.ts';
import { serveHttp } from '../../config/groups/http-listen.ts';
import { intakeOf } from '../../pipeline/http-intake/receive.ts';
import type { WebRoute } from '../../query/web/route.ts';
import { testSettings } from '../../testing/settings.ts';
import { config } from './config.ts';
import { UiServer } from './server.ts';

async function serve(t: TestContext, routes: readonly WebRoute[], maxConcurrent = 1) {
  const settings = testSettings();
  const options = config.parse({ endpoint: '127.0.0.1:0' });
  const server = new UiServer({
    routes,
    files: undefined,
    basePath: '',
    token: 'token',
    checkHost: hostCheck('127.0.0.1:0', []),
    intake: intakeOf(options, settings.budget),
    maxConcurrent,
    logger: settings.logger,
  });
  const listener = await serveHttp(options, settings, (asked, answer) =>
    server.handle(asked, answer),
  );
  t.after(() => listener.close(0));
  return `http://127.0.0.1:${(listener.address as AddressInfo).port}`;
}

const quick: WebRoute = { method: 'GET', path: '/api/v1/quick', handle: async () => ({ json: 1 }) };

const endless: WebRoute = {
  method: 'GET',
  path: '/api/v1/endless',
  async handle() {
    function* chunks(): Generator<string> {
      for (;;) yield 'spans, and more of them; '.repeat(100);
    }
    return { chunks: chunks(), contentType: 'text/plain' };
  },
};

/** An answer that is begun, and not read. */
function unread(t: TestContext, url: string): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const sent = get(url, resolve).on('error', reject);
    t.after(() => sent.destroy());
  });
}

test('a download that nobody reads holds up no other request, and there are not many', async (t) => {
  const url = await serve(t, [quick, endless]);
  for (let i = 0; i < 8; i++) {
    assert.equal((await unread(t, `${url}/api/v1/endless`)).statusCode, 200);
  }
  assert.equal(await (await fetch(`${url}/api/v1/quick`)).json(), 1);
  const refused = await fetch(`${url}/api/v1/endless`);
  assert.equal(refused.status, 503);
  await refused.text();
});

test('what waits for storage holds up nothing that does not', async (t) => {
  const storage = Promise.withResolvers<void>();
  const slow: WebRoute = {
    method: 'GET',
    path: '/api/v1/slow',
    handle: () => storage.promise.then(() => ({ json: 2 })),
  };
  const local: WebRoute = { ...quick, path: '/api/v1/local', local: true };
  const url = await serve(t, [slow, local]);
  const waiting = fetch(`${url}/api/v1/slow`);
  assert.equal(await (await fetch(`${url}/api/v1/local`)).json(), 1);
  storage.resolve();
  assert.equal(await (await waiting).json(), 2);
});

test('HEAD of a stream of events ends, and begins nothing', async (t) => {
  const seen = { begun: false, closed: false };
  const events: WebRoute = {
    method: 'GET',
    path: '/api/v1/events',
    async handle({ onClose }) {
      onClose(() => {
        seen.closed = true;
      });
      return {
        events: () => {
          seen.begun = true;
        },
      };
    },
  };
  const url = await serve(t, [events, quick]);
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  t.after(() => agent.destroy());
  const ask = (method: string, path: string) =>
    new Promise<IncomingMessage>((resolve, reject) => {
      request(`${url}/api/v1/${path}`, { method, agent }, resolve).on('error', reject).end();
    });
  const head = await ask('HEAD', 'events');
  assert.equal(head.headers['content-type'], 'text/event-stream');
  head.resume();
  // On the same connection: it is answered only after the one before has ended.
  const next = await ask('GET', 'quick');
  assert.equal(next.statusCode, 200);
  next.resume();
  assert.deepEqual(seen, { begun: false, closed: true });
});
