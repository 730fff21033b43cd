import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { get, type IncomingHttpHeaders, type IncomingMessage, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import type { TraceReader } from '../../storage/traces/reader.ts';
import { jaegerServer, type ServerOptions } from './server.ts';

const manyServices = Array.from({ length: 200 }, (_, i) => `service-${i}`);

function reader(fail = false): TraceReader {
  return {
    services: async () => {
      if (fail) throw new Error('not a ReadError');
      return manyServices;
    },
    operations: async () => [],
    findTraces: async () => ({ traces: [], truncated: false }),
    getTraces: async () => [],
    dependencies: async () => [],
  };
}

async function serve(t: TestContext, change: Partial<ServerOptions> = {}): Promise<number> {
  const server = jaegerServer({
    reader: reader(),
    nowNs: () => 0n,
    maxTraces: 10,
    maxClockSkewNs: 0n,
    basePath: '',
    checkHost: (host) => (host === 'evil.example' ? 'cannot answer for it' : undefined),
    ui: undefined,
    additionalHeaders: {},
    onBug: () => undefined,
    ...change,
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

interface Got {
  status: number;
  headers: IncomingHttpHeaders;
  body: Buffer;
}

function fetchRaw(port: number, path: string, headers: Record<string, string> = {}): Promise<Got> {
  return new Promise((resolve, reject) => {
    get({ host: '127.0.0.1', port, path, headers }, (response) => {
      const parts: Buffer[] = [];
      response.on('data', (part: Buffer) => parts.push(part));
      response.on('end', () => {
        const status = response.statusCode ?? 0;
        resolve({ status, headers: response.headers, body: Buffer.concat(parts) });
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
  const seen: unknown[] = [];
  const port = await serve(t, {
    basePath: '/jaeger',
    reader: reader(true),
    onBug: (error) => seen.push(error),
  });
  assert.equal((await fetchRaw(port, '/api/services')).status, 404);
  assert.equal((await fetchRaw(port, '/jaeger/api/services')).status, 500);
  assert.equal(seen.length, 1);
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

test('bodies of all requests together are bounded', async (t) => {
  const port = await serve(t);
  const big = 30 << 20;
  const half = () => {
    const headers = { 'content-length': big };
    const sent = request({
      port,
      host: '127.0.0.1',
      path: '/api/transform',
      method: 'POST',
      headers,
    });
    sent.on('error', () => undefined);
    sent.write(Buffer.alloc(big - 1));
    t.after(() => sent.destroy());
    return once(sent, 'response') as Promise<[IncomingMessage]>;
  };
  const [response] = await Promise.race([half(), half(), half()]);
  assert.equal(response.statusCode, 503);
});
