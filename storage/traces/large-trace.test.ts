import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { SqlClient } from '../sql.ts';
import { createSmartReader } from './smart-reader.ts';
import { spanId, traceId } from './testing/spans.ts';
import { usualRows } from './testing/usual-rows.ts';

const rows = usualRows({ trace: 1, count: 20_000, attributes: 8 });

/** A reader over a store that answers at once; `asked` is called when the spans are given. */
function readerOf(asked: () => void) {
  const query: SqlClient['query'] = async (sql) => {
    if (sql.includes('system.parts')) return Buffer.of(1);
    if (sql.includes('operations')) return Buffer.from('{"service":"shop"}\n');
    if (!/FROM `d`.`spans`/.test(sql)) return new Uint8Array();
    asked();
    return rows;
  };
  return createSmartReader({ client: { query } as SqlClient, database: 'd', now: () => 0 });
}

test('while the spans of a large trace are read, other calls are answered', async () => {
  const events: string[] = [];
  const reader = readerOf(() => {
    setImmediate(async () => events.push(...(await reader.services())));
  });
  const [trace] = await reader.getTraces([traceId(1)]);
  events.push('trace');
  assert.deepEqual(events, ['shop', 'trace']);
  const { spans, truncated } = trace!;
  assert.equal(truncated, false);
  const expected = Array.from({ length: 20_000 }, (_, i) => spanId(i + 1));
  assert.deepEqual(
    spans.map((span) => span.spanId),
    expected,
  );
});

test('a large trace that nobody waits for is not read to its end', async () => {
  const stop = new AbortController();
  const reader = readerOf(() => setImmediate(() => stop.abort(new Error('gone'))));
  const read = reader.getTraces([traceId(1)], { signal: stop.signal });
  await assert.rejects(read, /cannot read traces: gone/);
});
