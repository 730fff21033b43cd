import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { SqlClient } from '../../storage/sql.ts';
import { testSettings } from '../../testing/settings.ts';
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

test('an endpoint that nobody answers is said to the client, and shutdown ends it', async () => {
  const options = config.parse({
    endpoint: '127.0.0.1:0',
    storage: { endpoint: 'http://127.0.0.1:1' },
  });
  const extension = new JaegerQuery(testSettings(), options);
  await extension.start();
  await extension.shutdown();
  await extension.shutdown();
});
