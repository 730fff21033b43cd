import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { migrate } from '../../../storage/schema/migrate.ts';
import {
  openTestDatabase,
  type TestDatabase,
} from '../../../storage/schema/testing/chdb-client.ts';
import { rowsOf } from '../../../storage/sql.ts';
import { insertSpans } from '../../../storage/traces/testing/insert-spans.ts';
import { OpenTrace } from './open-trace.ts';
import { traceSql } from './sql.ts';
import { sketches, traceId } from './testing/spans.ts';

const name = 'shown';
const other = 'c'.repeat(32);
const spans = sketches([
  { id: 1, from: 0, to: 100e6, name: "it's a `root`" },
  { id: 2, parent: 1, from: 10e6, to: 20e6 },
  { id: 3, parent: 1, from: 90e6, to: 95e6 },
]);
const [joined] = sketches([{ id: 4, from: 50e6, to: 51e6 }]);

let database: TestDatabase;
before(async () => {
  database = await openTestDatabase();
  const { client } = database;
  await migrate(client, { database: name, ttlDays: 0 });
  const elsewhere = sketches([{ id: 5, from: 50e6, to: 51e6 }]);
  await insertSpans(client, name, [
    ...spans,
    { ...joined!, traceId: other },
    ...elsewhere.map((span) => ({ ...span, traceId: 'e'.repeat(32) })),
  ]);
});
after(() => database.close());

// The view `otel_traces` has the columns of the contrib exporter's table.
for (const schema of ['smart', 'otel'] as const) {
  const table = { schema, database: name, table: 'otel_traces' };
  const column = schema === 'smart' ? 'span_id_hex' : 'SpanId';
  const ask = async (sql: string): Promise<unknown[]> => {
    const options = { timeoutMs: 10_000 };
    const rows = await rowsOf<Record<string, string>>(database.client, sql, options);
    return rows.map((row) => Number.parseInt(row[column]!, 16));
  };

  test(`the statement gives the spans of the trace, schema ${schema}`, async () => {
    const trace = new OpenTrace({ traceId, spans, truncated: false }, false);
    assert.deepEqual(await ask(traceSql(table, trace)), [1, 2, 3]);
    const one = traceSql(table, { ...trace, ids: trace.ids, spanId: '0000000000000002' });
    assert.deepEqual(await ask(one), [2]);
  });

  test(`a joined trace is found under all its ids, schema ${schema}`, async () => {
    const all = [...spans, joined!];
    const ids = [traceId, other];
    const trace = new OpenTrace({ traceId, spans: all, truncated: false, ids }, false);
    assert.deepEqual(await ask(traceSql(table, trace)), [1, 2, 4, 3]);
  });
}
