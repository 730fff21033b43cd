import assert from 'node:assert/strict';
import { request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type TestContext, test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { hostCheck } from '../../config/groups/host-check.ts';
import { serveHttp } from '../../config/groups/http-listen.ts';
import { intakeOf } from '../../pipeline/http-intake/receive.ts';
import { WebError, type WebRoute } from '../../query/web/route.ts';
import { ReadError } from '../../storage/traces/reader.ts';
import { testSettings } from '../../testing/settings.ts';
import { config } from './config.ts';
import { Ui } from './extension.ts';
import type { PageFiles } from './files.ts';
import { UiServer } from './server.ts';

function problems(value: unknown): string[] {
  const result = config.safeParse(value);
  if (result.success) return [];
  return result.error.issues.map(({ path, message }) => `${path.join('::')}: ${message}`);
}

test('configurations that are taken, their defaults, and those that are refused by key', () => {
  for (const good of [{}, { storage: { engine: 'a' } }, { base_path: '/x/y' }]) {
    assert.deepEqual(problems(good), []);
  }
  const read = config.parse({});
  assert.equal(read.endpoint, 'localhost:16690');
  assert.equal(read.storage, undefined);
  assert.equal(read.write_timeout, 0);
  assert.equal(read.max_traces, 1000);
  const bad = {
    storage: { storage: {} },
    'storage::traces_table_name': { storage: { engine: 'a', traces_table_name: 't' } },
    base_path: { base_path: '/x/' },
    max_traces: { max_traces: 0 },
    max_concurrent: { max_concurrent: 1.5 },
    query_timeout: { query_timeout: '0s' },
    allowed_hosts: { allowed_hosts: 'x' },
  };
  for (const [key, value] of Object.entries(bad)) {
    const [first = ''] = problems(value);
    assert.ok(first.startsWith(`${key}: `), `${key}: ${first}`);
  }
});

test('an engine that is not there is named', async () => {
  const options = config.parse({ endpoint: '127.0.0.1:0', storage: { engine: 'engine/x' } });
  const extension = new Ui(testSettings(), options);
  await assert.rejects(extension.start(), /cannot use "engine\/x" as storage::engine/);
  await extension.shutdown();
});

test('without storage it starts and says so', async () => {
  const extension = new Ui(testSettings(), config.parse({ endpoint: '127.0.0.1:0' }));
  await extension.start();
  const { port } = extension.address as AddressInfo;
  const { body } = await ask(port, { path: '/api/v1/info' });
  const info = JSON.parse(body) as { storage: unknown; token: string };
  assert.equal(info.storage, null);
  assert.match(info.token, /^[0-9a-f]{32}$/);
  const refused = await ask(port, { path: '/api/v1/traces' });
  assert.equal(refused.status, 404);
  assert.match(refused.body, /has no storage to read from/);
  await extension.shutdown();
  await extension.shutdown();
});

const files: PageFiles = new Map([
  ['/', page('<base href="/">'.repeat(200), 'text/html; charset=utf-8', false)],
  ['/assets/a.js', page('run()', 'text/javascript; charset=utf-8', true)],
]);

function page(text: string, contentType: string, immutable: boolean) {
  return { contentType, body: Buffer.from(text), immutable };
}

interface Events {
  sent: boolean;
  closed: boolean;
}

function testRoutes(events: Events): WebRoute[] {
  return [
    {
      method: 'GET',
      path: '/api/v1/slow',
      handle: () => Promise.reject(new ReadError('cannot read traces: out of time', 'timeout')),
    },
    {
      method: 'GET',
      path: '/api/v1/broken',
      handle: () => Promise.reject(new TypeError('undefined is not a function')),
    },
    {
      method: 'GET',
      path: '/api/v1/bad/:name',
      handle: ({ params, query }) => {
        const what = `${params.name} ${query.get('q')}`;
        return Promise.reject(new WebError('bad_request', what, 'do otherwise'));
      },
    },
    {
      method: 'GET',
      path: '/api/v1/file',
      handle: async () => ({ text: 'x', contentType: 'text/plain', fileName: 'a"\n b.json' }),
    },
    { method: 'POST', path: '/api/v1/echo', handle: async ({ body }) => ({ json: { body } }) },
    {
      method: 'GET',
      path: '/api/v1/events',
      handle: async ({ onClose }) => ({
        events: (send) => {
          events.sent = send('number', { n: 1 });
          onClose(() => {
            events.closed = true;
          });
        },
      }),
    },
  ];
}

interface Asked {
  readonly path: string;
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

interface Told {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: string;
}

function ask(port: number, { path, method = 'GET', headers = {}, body }: Asked): Promise<Told> {
  return new Promise((resolve, reject) => {
    const sent = request({ host: '127.0.0.1', port, path, method, headers }, (response) => {
      const parts: Buffer[] = [];
      response.on('data', (part: Buffer) => parts.push(part));
      response.on('end', () => {
        const raw = Buffer.concat(parts);
        const zipped = response.headers['content-encoding'] === 'gzip';
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          body: (zipped ? gunzipSync(raw) : raw).toString(),
        });
      });
    });
    sent.on('error', reject);
    sent.end(body);
  });
}

async function serve(t: TestContext, more: { basePath?: string; page?: boolean } = {}) {
  const events: Events = { sent: false, closed: false };
  const settings = testSettings();
  const options = config.parse({ endpoint: '127.0.0.1:0' });
  const server = new UiServer({
    routes: testRoutes(events),
    files: more.page === false ? undefined : files,
    basePath: more.basePath ?? '',
    token: 'the-token',
    checkHost: hostCheck('127.0.0.1:0', []),
    intake: intakeOf({ ...options, max_request_body_size: 100 }, settings.budget),
    maxConcurrent: 2,
    logger: settings.logger,
  });
  const handle: Parameters<typeof serveHttp>[2] = (asked, answer) => server.handle(asked, answer);
  const listener = await serveHttp(options, settings, handle);
  t.after(() => listener.close(0));
  return { port: (listener.address as AddressInfo).port, events };
}

test('the page stands for each of its screens, and nothing else may run in it', async (t) => {
  const { port } = await serve(t);
  const zip = { 'accept-encoding': 'gzip' };
  for (const path of ['/', '/traces', '/trace/abc?view=json', '/etc/passwd']) {
    const { status, headers, body } = await ask(port, { path, headers: zip });
    assert.equal(status, 200);
    assert.match(body, /^<base href="\/">/);
    assert.equal(headers['content-encoding'], 'gzip');
    assert.equal(headers['cache-control'], 'no-cache');
    const policy = String(headers['content-security-policy']);
    assert.match(policy, /default-src 'none'; script-src 'self'; style-src 'self'/);
    assert.doesNotMatch(policy, /unsafe/);
  }
  const script = await ask(port, { path: '/assets/a.js' });
  assert.match(String(script.headers['cache-control']), /immutable/);
  assert.equal(script.body, 'run()');
  assert.equal((await ask(port, { path: '/assets/old.js' })).status, 404);
  assert.equal((await ask(port, { path: '/', method: 'DELETE' })).status, 405);
  assert.equal((await ask(port, { path: '/', method: 'HEAD' })).body, '');
});

test('a page that is not built says how to build it', async (t) => {
  const { port } = await serve(t, { page: false });
  const { status, body } = await ask(port, { path: '/' });
  assert.equal(status, 503);
  assert.match(body, /npm run setup/);
});

test('names of other hosts are refused, and paths beside the prefix', async (t) => {
  const { port } = await serve(t, { basePath: '/w' });
  const foreign = await ask(port, { path: '/w/api/v1/file', headers: { host: 'evil.example' } });
  assert.equal(foreign.status, 403);
  assert.match(foreign.body, /"evil.example"/);
  assert.equal((await ask(port, { path: '/api/v1/file' })).status, 404);
  assert.equal((await ask(port, { path: '/wx' })).status, 404);
  assert.equal((await ask(port, { path: '/w/api/v1/file' })).status, 200);
  assert.equal((await ask(port, { path: '/w' })).status, 200);
});

test('refusals have a reason, a text and what to do', async (t) => {
  const { port } = await serve(t);
  const said = async (path: string, method = 'GET') => {
    const { status, body } = await ask(port, { path, method });
    return [status, (JSON.parse(body) as { error: unknown }).error];
  };
  const slow = await said('/api/v1/slow');
  assert.equal(slow[0], 504);
  assert.deepEqual(await said('/api/v1/bad/a%20b?q=1?2'), [
    400,
    { reason: 'bad_request', message: 'a b 1?2', hint: 'do otherwise' },
  ]);
  const broken = await said('/api/v1/broken');
  assert.deepEqual(broken[0], 500);
  assert.doesNotMatch(JSON.stringify(broken), /undefined is not a function/);
  assert.deepEqual((await said('/api/v1/none'))[0], 404);
  assert.deepEqual((await said('/api/v1/echo'))[0], 400);
  assert.deepEqual((await said('/api/v1/file', 'DELETE'))[0], 400);
});

test('a POST needs the token, JSON, and to be small', async (t) => {
  const { port } = await serve(t);
  const post = async (body: string, token = 'the-token') =>
    ask(port, {
      path: '/api/v1/echo',
      method: 'POST',
      headers: { 'x-wirestitch-token': token },
      body,
    });
  assert.equal((await post('{"a":1}')).body, '{"body":{"a":1}}');
  for (const token of ['', 'the-toker', 'the-token2']) {
    const { status, body } = await post('{}', token);
    assert.equal(status, 403);
    assert.match(body, /X-Wirestitch-Token/);
  }
  const broken = await post('{"a":');
  assert.equal(broken.status, 400);
  assert.match(broken.body, /not JSON/);
  assert.equal((await post(JSON.stringify('x'.repeat(200)))).status, 413);
});

test('a download has a harmless name', async (t) => {
  const { port } = await serve(t);
  const { headers } = await ask(port, { path: '/api/v1/file' });
  assert.equal(headers['content-disposition'], 'attachment; filename="a___b.json"');
});

test('events are sent until the client goes', async (t) => {
  const { port, events } = await serve(t);
  await new Promise<void>((resolve, reject) => {
    const sent = request({ host: '127.0.0.1', port, path: '/api/v1/events' }, (response) => {
      assert.equal(response.headers['content-type'], 'text/event-stream');
      response.once('data', (part: Buffer) => {
        assert.equal(part.toString(), 'event: number\ndata: {"n":1}\n\n');
        sent.destroy();
        resolve();
      });
      response.on('error', () => undefined);
    });
    sent.on('error', reject);
    sent.end();
  });
  assert.equal(events.sent, true);
  while (!events.closed) await new Promise((resolve) => setImmediate(resolve));
});
