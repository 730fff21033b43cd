import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { SqlClient, SqlOptions } from '../../storage/sql.ts';
import { fakeClock, settle } from '../../testing/clock.ts';
import { testSettings } from '../../testing/settings.ts';
import { type ClickHouseConfig, configSchema } from './config.ts';
import { startEdges } from './edges.ts';

const config = configSchema.parse({ endpoint: 'http://localhost:8123' }) as ClickHouseConfig;

/** A server that accepts statements and never answers. */
function hanging(statements: string[]): SqlClient {
  const never = (sql: string, options: SqlOptions = {}) => {
    statements.push(sql);
    return new Promise<never>((_, reject) => {
      const { signal } = options;
      if (signal?.aborted) reject(new Error('aborted'));
      signal?.addEventListener('abort', () => reject(new Error('aborted')));
    });
  };
  return {
    query: never,
    command: never,
    insert: () => Promise.reject(new Error('no insert')),
    stream: () => assert.fail('no stream'),
    close: async () => {},
  };
}

test('a server that hangs holds a shutdown up for five seconds at most', async () => {
  const clock = fakeClock();
  const statements: string[] = [];
  const stop = startEdges(hanging(statements), config, testSettings({ clock }));
  await clock.advance(60_000);
  await settle();
  assert.equal(statements.length, 1);
  let stopped = false;
  const end = stop().then(() => {
    stopped = true;
  });
  await clock.advance(4_999);
  await settle();
  assert.equal(stopped, false);
  await clock.advance(1);
  await end;
  assert.equal(clock.pending, 0);
});
