import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { testSettings } from '../../testing/settings.ts';
import { factory } from './index.ts';

function query(
  url: string,
  password: string,
  sql: string,
  host = 'localhost',
): Promise<[number, string]> {
  return new Promise((resolve, reject) => {
    const headers = { Host: host, 'X-ClickHouse-User': 'default', 'X-ClickHouse-Key': password };
    const sent = request(url, { method: 'POST', headers, agent: false }, (response) => {
      let text = '';
      response.on('data', (chunk) => {
        text += chunk;
      });
      response.on('end', () => resolve([response.statusCode ?? 0, text]));
    });
    sent.on('error', reject);
    sent.end(sql);
  });
}

test('starts the engine, hands out its endpoint, stops it; data survives', async () => {
  const home = mkdtempSync(join(tmpdir(), 'wirestitch-engine-'));
  const config = factory.config.parse({
    path: join(home, 'data'),
    listen: '127.0.0.1:0',
    password: 'x',
    memory_limit_mib: 512,
    allowed_hosts: ['proxy.example'],
  });
  try {
    for (const expected of ['0\n', '1\n']) {
      const extension = factory.create(testSettings(), config);
      assert.equal(extension.capabilities.engine, undefined);
      await extension.start();
      const { url, username, password, passwordGenerated, endQuery } =
        extension.capabilities.engine!;
      assert.deepEqual([username, password, passwordGenerated], ['default', 'x', false]);
      const ask = (sql: string) => query(url, password, sql);
      await ask('CREATE TABLE IF NOT EXISTS t (a UInt8) ENGINE = MergeTree ORDER BY a');
      assert.deepEqual(await ask('SELECT count() FROM t'), [200, expected]);
      await ask('INSERT INTO t VALUES (1)');
      assert.equal((await query(url, password, 'SELECT 1', 'proxy.example'))[0], 200);
      assert.equal((await query(url, password, 'SELECT 1', 'other.example'))[0], 403);
      await endQuery('nobody');
      await extension.shutdown();
      await extension.shutdown();
      await assert.rejects(ask('SELECT 1'), /ECONNREFUSED/);
    }
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
});

test('shutdown without start, and bad configurations', async () => {
  const config = factory.config.parse({ path: '/nonexistent/x' });
  await factory.create(testSettings(), config).shutdown();
  for (const bad of [{}, { path: '' }, { path: 'x', listen: 'nope' }, { path: 'x', other: 1 }]) {
    assert.equal(factory.config.safeParse(bad).success, false, JSON.stringify(bad));
  }
});

test('a folder that cannot be made is a start-up error', async () => {
  const config = factory.config.parse({ path: '/dev/null/x', listen: '127.0.0.1:0' });
  const extension = factory.create(testSettings(), config);
  await assert.rejects(extension.start(), /ENOTDIR|cannot start the engine/);
  await extension.shutdown();
});
