import assert from 'node:assert/strict';
import { test } from 'node:test';
import { seen, treeOf } from '../testing/spans.ts';

test('an id of the business that came in and went out', () => {
  const process = { host: 'x', pid: 1 };
  const linked = (...ids: string[]) =>
    treeOf([
      seen('1', 'server_process', { ...process, businessIds: ['order 1'], ms: 50 }),
      seen('2', 'client_process', { ...process, businessIds: ids, at: 5, clientPort: 1 }),
    ])[2];
  assert.equal(linked('order 1'), '1 business_id');
  assert.equal(linked('user 7', 'order 1'), '1 business_id');
  assert.equal(linked('order 2'), 'no_evidence');
});
