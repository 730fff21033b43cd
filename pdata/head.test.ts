import assert from 'node:assert/strict';
import test from 'node:test';
import { headOf } from './head.ts';
import { parseJson, toJson } from './json.ts';

function logs(counts: readonly number[]) {
  let n = 0;
  const record = () => ({ body: { stringValue: `record ${n++}` } });
  const resourceLogs = counts.map((count, i) => ({
    resource: { attributes: [{ key: 'i', value: { intValue: String(i) } }] },
    scopeLogs: [{ logRecords: Array.from({ length: count }, record) }],
  }));
  return parseJson('logs', Buffer.from(JSON.stringify({ resourceLogs })));
}

test('the head of a batch is the first piece of a split', () => {
  const batch = logs([4, 5, 20]);
  for (const maxItems of [1, 3, 4, 7, 29, 100]) {
    const head = headOf(batch, { maxItems });
    assert.equal(head.itemCount, Math.min(maxItems, 29));
    assert.equal(toJson(head), toJson(batch.split({ maxItems })[0]!));
  }
  assert.equal(headOf(batch, { maxItems: 10, maxBytes: 1 }).itemCount, 1);
  assert.equal(headOf(logs([]), { maxItems: 5 }).itemCount, 0);
});
