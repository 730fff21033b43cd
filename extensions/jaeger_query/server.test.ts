import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { get, type IncomingHttpHeaders, type IncomingMessage, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { servePage } from '../../config/groups/http-listen.ts';
import { createBudget } from '../../pipeline/budget.ts';
import { intakeOf } from '../../pipeline/http-intake/receive.ts';
import { manyTraces } from '../../query/testing/many-traces.ts';
import type { TraceReader } from '../../storage/traces/reader.ts';
import { type TestSettings, testSettings } from '../../testing/settings.ts';
import { config } from './config.ts';
import { JaegerServer, type ServerOptions } from './server.ts';

const manyServices = Array.from({ length: 200 }, (_, i) => `service-${i}`);

interface Change extends Partial<ServerOptions> {
  readonly reader?: TraceReader;
  readonly settings?: TestSettings;
  readonly maxSpans?: number;
}

async function serve(t: TestContext, change: Change = {}): Promise<number> {
  const { reader = manyTraces([]).reader, settings = testSettings(), maxSpans = 1e6 } = change;
  const options = config.parse({ endpoint: '127.0.0.1:0', storage: { engine: 'none' } });
  const server = new JaegerServer({
    api: {
      reader: { ...reader, services: change.reader?.services ?? (async () => manyServices) },
      nowNs: () => 10n ** 18n,
      maxTraces: 1000,
      maxSpans,
      maxClockSkewNs: 0n,
    },
    basePath: '',
    checkHost: (host) => (host === 'evil.example' ? 'cannot answer for it' : undefined),
    ui: undefined,
    intake: intakeOf({ ...options, max_request_body_size: 32 << 20 }, settings.budget),
    maxConcurrent: 1,
    logger: settings.logger,
    clock: settings.clock,
    budget: settings.budget,
    ...change,
  });
  const listener = await servePage(options, settings, (i, o) => server.handle(i, o));
  t.after(() => listener.close(0));
  return (listener.address as AddressInfo).port;
}

interface Got {
  status: number;
  headers: IncomingHttpHeaders;
  trailers: IncomingMessage['trailers'];
  body: Buffer;
}

function fetchRaw(port: number, path: string, headers: Record<string, string> = {}): Promise<Got> {
  return new Promise((resolve, reject) => {
    get({ host: '127.0.0.1', port, path, headers, agent: false }, (response) => {
      const parts: Buffer[] = [];
      response.on('error', reject);
      response.on('data', (part: Buffer) => parts.push(part));
      response.on('end', () => {
        const { statusCode: status = 0, headers: got, trailers } = response;
        resolve({ status, headers: got, trailers, body: Buffer.concat(parts) });
      });
    }).on('error', reject);
  });
}

test('only hosts that pass the check are answered', async (t) => {
  const port = await serve(t);
  assert.equal((await fetchRaw(port, '/api/services')).status, 200);
  const foreign = await fetchRaw(port, '/api/services', { host: 'evil.example' });
  assert.equal(foreign.status, 403);
  assert.equal(foreign.body.toString(), 'cannot answer for it\n');
});

test('large answers are compressed where that is accepted', async (t) => {
  const port = await serve(t);
  const plain = await fetchRaw(port, '/api/services');
  const packed = await fetchRaw(port, '/api/services', { 'accept-encoding': 'gzip, br' });
  assert.equal(plain.headers['content-encoding'], undefined);
  assert.equal(packed.headers['content-encoding'], 'gzip');
  assert.deepEqual(gunzipSync(packed.body), plain.body);
});

test('a base path is honoured and a fault inside is a plain 500', async (t) => {
  const settings = testSettings();
  const services = async () => {
    throw new Error('not a ReadError');
  };
  const reader = { ...manyTraces([]).reader, services };
  const port = await serve(t, { basePath: '/jaeger', reader, settings });
  assert.equal((await fetchRaw(port, '/api/services')).status, 404);
  assert.equal((await fetchRaw(port, '/jaeger/api/services')).status, 500);
  const bugs = settings.logger.lines.filter(({ message }) => message.startsWith('BUG'));
  assert.equal(bugs.length, 1);
});

test('a UI folder is served with its configuration filled in, and nothing outside it', async (t) => {
  const dir = mkdtempSync(join(tmpdir(), 'wirestitch-ui-'));
  t.after(() => rmSync(dir, { recursive: true }));
  writeFileSync(
    join(dir, 'index.html'),
    '<base href="/" data-inject-target="BASE_URL"/><script>JAEGER_CONFIG = DEFAULT_CONFIG;' +
      'JAEGER_VERSION = DEFAULT_VERSION;' +
      'JAEGER_BACKEND_CAPABILITIES = DEFAULT_BACKEND_CAPABILITIES;</script>',
  );
  writeFileSync(join(dir, 'app.js'), 'run()');
  const ui = { dir, basePath: '/j', version: '9.9.9' };
  const port = await serve(t, { basePath: '/j', ui });
  const index = (await fetchRaw(port, '/j/search?service=x')).body.toString();
  assert.match(index, /<base href="\/j\/"/);
  assert.match(index, /"gitVersion":"v9.9.9"/);
  assert.match(index, /"searchWithoutServiceName":true/);
  assert.doesNotMatch(index, /DEFAULT_/);
  const script = await fetchRaw(port, '/j/app.js');
  assert.equal(script.body.toString(), 'run()');
  assert.match(script.headers['content-type'] ?? '', /javascript/);
  const outside = await fetchRaw(port, '/j/..%2f..%2f..%2f..%2f..%2fetc%2fpasswd');
  assert.match(outside.body.toString(), /JAEGER_CONFIG/);
  assert.equal((await fetchRaw(port, '/j/api/nope')).status, 404);
});

/** A POST of so many bytes, the last of which are sent when it is to end. */
function post(t: TestContext, port: number, path: string, bytes: number, ends: boolean) {
  const headers = { 'content-length': bytes };
  const sent = request({ port, host: '127.0.0.1', path, method: 'POST', headers, agent: false });
  sent.on('error', () => undefined);
  if (ends) sent.end(Buffer.alloc(bytes));
  else sent.write(Buffer.alloc(bytes - 1));
  t.after(() => sent.destroy());
  return once(sent, 'response') as Promise<[IncomingMessage]>;
}

test('bodies take their memory from the budget of the program', async (t) => {
  const budget = createBudget(50 << 20);
  const port = await serve(t, { settings: { ...testSettings(), budget } as TestSettings });
  post(t, port, '/api/transform', 30 << 20, false).catch(() => undefined);
  while (budget.used < 28 << 20) await new Promise((resolve) => setTimeout(resolve, 10));
  const [response] = await post(t, port, '/api/transform', 30 << 20, true);
  assert.equal(response.statusCode, 503);
  assert.equal(response.headers['retry-after'], '1');
  const [large] = await post(t, port, '/api/transform', 33 << 20, true);
  assert.equal(large.statusCode, 413);
});

const search = '/api/traces?service=shop&start=1&end=2&limit=1000';

test('a long answer is sent as it is made, and says at its end what it lacks', async (t) => {
  const many = manyTraces(new Array<number>(40).fill(500), { found: 1, textLength: 200 });
  const port = await serve(t, { reader: many.reader, maxSpans: 15_000 });
  const plain = await fetchRaw(port, search);
  assert.equal(plain.headers['content-length'], undefined);
  assert.equal(plain.headers['x-wirestitch-truncated'], undefined);
  assert.equal(plain.trailers['x-wirestitch-truncated'], 'true');
  const { data, limit } = JSON.parse(plain.body.toString()) as { data: object[]; limit: number };
  assert.deepEqual([data.length, limit], [30, 1000]);
  const packed = await fetchRaw(port, search, { 'accept-encoding': 'gzip' });
  assert.deepEqual(gunzipSync(packed.body), plain.body);
  assert.ok(many.most <= 20_000);
});

test('what fails before much was sent is an error, after that the answer breaks off', async (t) => {
  const settings = testSettings();
  const spans = new Array<number>(40).fill(5_000);
  const early = manyTraces(spans, { broken: 2 });
  const port = await serve(t, { reader: early.reader, settings });
  const lists = await fetchRaw(
    await serve(t, { reader: manyTraces([1], { broken: 0 }).reader }),
    search,
  );
  assert.equal(lists.status, 503);
  await assert.rejects(fetchRaw(port, search));
  assert.match(settings.logger.lines.at(-1)?.message ?? '', /an answer broke off/);
});

test('a client that takes nothing holds up the reading', async (t) => {
  const many = manyTraces(new Array<number>(24).fill(2_500), { textLength: 1000 });
  const port = await serve(t, { reader: many.reader });
  const sent = get({ host: '127.0.0.1', port, path: search, agent: false });
  const [response] = (await once(sent, 'response')) as [IncomingMessage];
  response.pause();
  let before = -1;
  while (many.asked.length !== before) {
    before = many.asked.length;
    await new Promise((resolve) => setTimeout(resolve, 300));
  }
  assert.ok(before < 5, `${before} parts of 6 were read`);
  response.resume();
  const parts: Buffer[] = [];
  response.on('data', (part: Buffer) => parts.push(part));
  await once(response, 'end');
  const { data } = JSON.parse(Buffer.concat(parts).toString()) as { data: object[] };
  assert.equal(data.length, 24);
});

test('few whole traces are answered at once, and lists do not wait for them', async (t) => {
  const { reader } = manyTraces([1]);
  const opened: (() => void)[] = [];
  const getTraces: TraceReader['getTraces'] = async (ids, options) => {
    await new Promise<void>((resolve) => {
      opened.push(resolve);
    });
    return reader.getTraces(ids, options);
  };
  const port = await serve(t, { reader: { ...reader, getTraces } });
  const asked = Array.from({ length: 110 }, () => fetchRaw(port, '/api/v3/traces/1'));
  const refused = await Promise.race(asked);
  assert.equal(refused.status, 503);
  assert.match(refused.body.toString(), /"message":"too many requests are being answered/);
  assert.equal(opened.length, 8);
  assert.equal((await fetchRaw(port, '/api/services')).status, 200);
  const done = Promise.all(asked);
  const pump = setInterval(() => opened.splice(0).forEach((open) => void open()), 5);
  const all = await done.finally(() => clearInterval(pump));
  const statuses = Map.groupBy(all, ({ status }) => status);
  assert.deepEqual([statuses.get(200)?.length, statuses.get(503)?.length], [108, 2]);
});

/** Traces of about 12 MB, more than sockets hold. */
const large = new Array<number>(10).fill(1_000);
const oneOfThem = '/api/traces?service=shop&start=1&end=2&limit=10';

/** Clients that have the head of an answer each, and read no further. */
function unread(port: number, clients: number): Promise<IncomingMessage[]> {
  const asked = Array.from({ length: clients }, async () => {
    const sent = get({ host: '127.0.0.1', port, path: oneOfThem, agent: false });
    const [response] = (await once(sent, 'response')) as [IncomingMessage];
    response.pause();
    response.on('error', () => undefined);
    return response;
  });
  return Promise.all(asked);
}

async function bytesOf(response: IncomingMessage): Promise<number> {
  let bytes = 0;
  for await (const part of response) bytes += (part as Buffer).length;
  return bytes;
}

test('clients that read nothing hold up nobody while there is room for their answers', async (t) => {
  const { reader } = manyTraces(large, { textLength: 1000 });
  const budget = createBudget(1 << 30);
  const settings = { ...testSettings(), budget };
  const port = await serve(t, { reader, settings });
  const slow = await unread(port, 8);
  const ninth = await fetchRaw(port, oneOfThem);
  assert.equal(ninth.status, 200);
  assert.ok(budget.used > 0);
  for (const response of slow) assert.equal(await bytesOf(response), ninth.body.length);
  while (budget.used > 0) await new Promise((resolve) => setTimeout(resolve, 5));
});

test('beyond it the slowest is left for one that waits, and only then', async (t) => {
  const { reader } = manyTraces(large, { textLength: 1000 });
  const settings = testSettings({ budgetBytes: 8 << 20 });
  const port = await serve(t, { reader, settings });
  const slow = await unread(port, 8);
  const { clock, logger } = settings;
  const broken = () => logger.lines.filter(({ message }) => /others waited/.test(message)).length;
  // Each has a timer of the server and one of its patience when no more of it can be written.
  while (clock.pending < 16) await new Promise((resolve) => setTimeout(resolve, 5));
  await clock.advance(10_000);
  assert.equal(broken(), 0);
  const ninth = await fetchRaw(port, oneOfThem);
  assert.equal(ninth.status, 200);
  assert.equal(broken(), 1);
  const read = await Promise.all(slow.map((response) => bytesOf(response).catch(() => -1)));
  assert.equal(read.filter((bytes) => bytes === ninth.body.length).length, 7);
  assert.equal(read.filter((bytes) => bytes === -1).length, 1);
});
