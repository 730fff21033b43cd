import assert from 'node:assert/strict';
import { test } from 'node:test';
import { migrate } from '../schema/migrate.ts';
import { openTestDatabase } from '../schema/testing/chdb-client.ts';
import { insertSpans } from '../traces/testing/insert-spans.ts';
import { baseNs, span } from '../traces/testing/spans.ts';
import { redByService } from './red-rows.ts';
import { stepWindow } from './window.ts';

test('services are counted out of the projection', async (t) => {
  const database = await openTestDatabase();
  t.after(() => database.close());
  const { client } = database;
  const name = 'red_rows';
  await migrate(client, { database: name, ttlDays: 0 });
  await insertSpans(client, name, [span(1, 1)]);
  const end = baseNs + 600_000_000_000n;
  const window = stepWindow(baseNs, end, Number(end / 1_000_000n));
  const sql = `EXPLAIN ${redByService({ database: name }, window)}`;
  const plan = await client.query(sql, { format: 'TSVRaw' });
  assert.match(Buffer.from(plan).toString(), /ReadFromMergeTree \(red\)/);
});
