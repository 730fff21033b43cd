import assert from 'node:assert/strict';
import { test } from 'node:test';
import { seen, treeOf } from '../testing/spans.ts';

const process = { host: 'x', pid: 1 };
const inbound = (id: string, parent: string, more: object = {}) =>
  seen(id, 'server_process', { ...process, trace: 'a', parent, ms: 100, ...more });
const outbound = (id: string, parent: string, more: object = {}) =>
  seen(id, 'client_process', { ...process, trace: 'a', parent, at: 10, clientPort: 1, ...more });

test('the trace id of the only request that is served', () => {
  assert.equal(treeOf([inbound('1', 'e'), outbound('2', 'f')])[2], '1 process_trace_id');
  const second = inbound('3', 'd', { clientPort: 3 });
  assert.equal(treeOf([inbound('1', 'e'), second, outbound('2', 'f')])[2], 'ambiguous');
  assert.equal(
    treeOf([inbound('1', 'e'), outbound('2', 'f', { at: 200 })])[2],
    'parent_not_stored',
  );
  assert.equal(treeOf([inbound('1', 'e'), outbound('2', 'f', { pid: 3 })])[2], 'parent_not_stored');
});

test('a header that was passed on as it was decides between several', () => {
  const second = inbound('3', 'd', { clientPort: 3 });
  assert.equal(treeOf([inbound('1', 'e'), second, outbound('2', 'd')])[2], '3 process_trace_id');
});
