import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type TestContext, test } from 'node:test';
import type { Extension, ServerAuth } from '../../component/extension.ts';
import type { Holder, Settings } from '../../component/settings.ts';
import { systemClock } from '../../gateway/telemetry/clock.ts';
import { createListeners } from '../../pipeline/listeners.ts';
import type { SqlClient } from '../../storage/sql.ts';
import { freePort } from '../../testing/ports.ts';
import { realTimeSettings, testSettings } from '../../testing/settings.ts';
import { config } from './config.ts';
import { JaegerQuery } from './extension.ts';
import { openReader } from './reader.ts';

function problems(value: unknown): string[] {
  const result = config.safeParse(value);
  return result.success ? [] : result.error.issues.map((issue) => issue.message);
}

test('storage is one place, not two and not none', () => {
  assert.deepEqual(problems({ storage: { engine: 'embedded_clickhouse' } }), []);
  assert.deepEqual(problems({ storage: { endpoint: 'http://localhost:8123' } }), []);
  const one = 'exactly one of engine and endpoint must be given';
  assert.deepEqual(problems({ storage: {} }), [one]);
  assert.deepEqual(problems({ storage: { engine: 'a', endpoint: 'http://b:1' } }), [one]);
  assert.equal(problems({ storage: { endpoint: 'tcp://b:9000' } }).length, 1);
  assert.equal(problems({ storage: { engine: 'a' }, base_path: '/x/' }).length, 1);
});

test('the schema decides about tables and database', async () => {
  const storage = { endpoint: 'http://localhost:8123' };
  assert.equal(problems({ storage: { ...storage, schema: 'jaeger' } }).length, 1);
  const fixed = problems({ storage: { ...storage, traces_table_name: 't' } });
  assert.deepEqual(fixed, [
    'traces_table_name is for schema otel: the tables of smart have fixed names',
  ]);
  const asked = async (more: object) => {
    const statements: string[] = [];
    const client: SqlClient = {
      async query(sql) {
        statements.push(sql);
        return new Uint8Array();
      },
      stream: () => assert.fail(),
      command: async () => {},
      insert: async () => {},
      close: async () => {},
    };
    const options = config.parse({ storage: { ...storage, ...more } });
    const reader = await openReader(testSettings(), options, client);
    assert.deepEqual(await reader.services(), []);
    return statements.join().match(/FROM (\S+)/)?.[1];
  };
  assert.equal(await asked({}), '`wirestitch`.`operations`');
  assert.equal(await asked({ database: 'd' }), '`d`.`operations`');
  assert.equal(await asked({ schema: 'otel' }), '`default`.`otel_traces`');
  const named = { schema: 'otel', database: 'd', traces_table_name: 't' };
  assert.equal(await asked(named), '`d`.`t`');
});

test('stitching is on unless it is switched off', () => {
  const storage = { engine: 'a' };
  assert.deepEqual(config.parse({ storage }).stitch, {
    enabled: true,
    max_rounds: 30,
    max_spans: 10_000,
    network_delay: 50,
    clock_offset: 10,
    reach: 30_000,
  });
  assert.equal(config.parse({ storage, stitch: { enabled: false } }).stitch.enabled, false);
  assert.equal(problems({ storage, stitch: { max_spans: 0 } }).length, 1);
  assert.equal(problems({ storage, stitch: { depth: 1 } }).length, 1);
});

test('an engine that is not there is named', async () => {
  const options = config.parse({ endpoint: '127.0.0.1:0', storage: { engine: 'engine/x' } });
  const extension = new JaegerQuery(testSettings(), options);
  await assert.rejects(extension.start(), /cannot use "engine\/x" as storage::engine/);
  await extension.shutdown();
});

async function started(t: TestContext, more: object = {}, settings: Settings = testSettings()) {
  const options = { endpoint: '127.0.0.1:0', storage: { endpoint: 'http://127.0.0.1:1' }, ...more };
  const extension = new JaegerQuery(settings, config.parse(options));
  await extension.start();
  t.after(async () => {
    await extension.shutdown();
    await extension.shutdown();
  });
  return { extension, port: (extension.address as AddressInfo).port };
}

test('an endpoint that nobody answers is said to the client, and shutdown ends it', async (t) => {
  const { port } = await started(t);
  const response = await fetch(`http://127.0.0.1:${port}/api/services`);
  assert.equal(response.status, 503);
  assert.match(await response.text(), /"code":503,"msg":"cannot read traces/);
});

test('the keys of an HTTP server are there, and the older one for headers', async (t) => {
  const { port } = await started(t, {
    additional_headers: { 'X-Old': 'a' },
    response_headers: { 'X-New': 'b' },
    cors: { allowed_origins: ['https://grafana.example'] },
  });
  const headers = { origin: 'https://grafana.example' };
  const response = await fetch(`http://127.0.0.1:${port}/`, { headers });
  const got = ['x-old', 'x-new', 'access-control-allow-origin'].map((h) => response.headers.get(h));
  assert.deepEqual(got, ['a', 'b', 'https://grafana.example']);
});

test('who is not let in is asked for a password', async (t) => {
  const serverAuth: ServerAuth = {
    challenge: 'Basic realm="x"',
    authenticate: () => {
      throw new Error('no such user');
    },
  };
  const door = { capabilities: { serverAuth } } as unknown as Extension;
  const settings = testSettings({ extensions: new Map([['door', door]]) });
  const { port } = await started(t, { auth: { authenticator: 'door' } }, settings);
  for (const path of ['/', '/api/services']) {
    const response = await fetch(`http://127.0.0.1:${port}${path}`);
    assert.equal(response.status, 401);
    assert.equal(response.headers.get('www-authenticate'), 'Basic realm="x"');
  }
});

test('while one is replaced its address stays open', async (t) => {
  const all = createListeners();
  const old = { name: 'extension/jaeger_query', leaving: false };
  const withHolder = (holder: Holder) => {
    const settings = testSettings();
    return { ...settings, host: { ...settings.host, listeners: all.of(holder) } };
  };
  const endpoint = `127.0.0.1:${await freePort()}`;
  const first = await started(t, { endpoint }, withHolder(old));
  old.leaving = true;
  await started(t, { endpoint }, withHolder({ name: old.name, leaving: false }));
  await first.extension.shutdown();
  assert.equal((await fetch(`http://${endpoint}/`)).status, 200);
});

test('a shutdown waits for the answers that are under way', async (t) => {
  const asked = Promise.withResolvers<ServerResponse>();
  const store = createServer((request, response) => {
    request.resume();
    asked.resolve(response);
  });
  store.listen(0, '127.0.0.1');
  await once(store, 'listening');
  t.after(() => {
    store.closeAllConnections();
    store.close();
  });
  const url = `http://127.0.0.1:${(store.address() as AddressInfo).port}`;
  const { extension, port } = await started(
    t,
    { storage: { endpoint: url } },
    realTimeSettings(systemClock),
  );
  const answer = fetch(`http://127.0.0.1:${port}/api/services`);
  const query = await asked.promise;
  const stopped = extension.shutdown();
  query.end('{"service":"shop"}\n');
  assert.equal((await answer).status, 200);
  await stopped;
  await assert.rejects(fetch(`http://127.0.0.1:${port}/api/services`));
});
