import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { migrate } from '../schema/migrate.ts';
import { openTestDatabase, type TestDatabase } from '../schema/testing/chdb-client.ts';
import { createSmartReader } from './smart-reader.ts';
import { insertSpans } from './testing/insert-spans.ts';
import { span, spanId, traceId } from './testing/spans.ts';

let database: TestDatabase;
before(async () => {
  database = await openTestDatabase();
});
after(() => database.close());

test('no more spans are read than are taken: several traces not at all, one in part', async () => {
  const links = [
    {
      traceId: traceId(7),
      spanId: spanId(7),
      traceState: '',
      attributes: [],
      droppedAttributesCount: 0,
      flags: 0,
    },
  ];
  const spans = [1, 2, 3].flatMap((n) => [span(n, 1), span(n, 2), span(n, 3, { links })]);
  const { client } = database;
  await migrate(client, { database: 'room', ttlDays: 0 });
  await insertSpans(client, 'room', spans);
  const now = () => Date.UTC(2026, 0, 5, 12, 0, 0);
  const reader = createSmartReader({ client, database: 'room', now });
  const ids = [1, 2, 3].map(traceId);
  const counts = async (of: readonly string[], maxSpans: number) => {
    const traces = await reader.getTraces(of, { maxSpans });
    return traces.map((trace) => [trace.spans.length, trace.truncated]);
  };
  const whole = [3, false];
  assert.deepEqual(await counts(ids, 9), [whole, whole, whole]);
  const refused = {
    reason: 'too_broad',
    message: /cannot read traces: they have more than 8 spans/,
  };
  await assert.rejects(counts(ids, 8), refused);
  assert.deepEqual(await counts(ids.slice(0, 1), 3), [whole]);
  assert.deepEqual(await counts(ids.slice(0, 1), 2), [[2, true]]);
  const absent = Array.from({ length: 6000 }, (_, i) => traceId(100 + i));
  await assert.rejects(counts([...ids.slice(0, 2), ...absent, traceId(3)], 8), refused);
  await database.client.command(`INSERT INTO room.trace_alias VALUES
    ('2026-01-05', unhex('${traceId(2)}'), unhex('${traceId(1)}'), 'x_request_id')`);
  assert.deepEqual(await counts(ids.slice(0, 1), 6), [[6, false]]);
  assert.deepEqual(await counts(ids.slice(0, 1), 4), [[4, true]]);
  await assert.rejects(counts([traceId(1), traceId(3)], 8), refused);
});
