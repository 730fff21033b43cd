import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sdk, seen, treeOf } from '../testing/spans.ts';

const a = { trace: 'a', parent: '10' };
const client = sdk('10', { trace: 'a', kind: 3, ms: 100 });
const server = (more: object = {}) => sdk('11', { ...a, at: 10, ms: 50, ...more });
const front = { requestSequence: 1, responseSequence: 2 };

test('what was captured of a request hangs between the spans of both SDKs', () => {
  const spans = [
    client,
    seen('1', 'client_process', { ...a, ...front, at: 1, ms: 98 }),
    seen('2', 'server_nic', { ...a, ...front, at: 2, ms: 96 }),
    seen('3', 'server_process', { ...a, ...front, at: 3, ms: 94 }),
    server(),
    sdk('12', { trace: 'a', parent: '11', kind: 1, at: 11, ms: 5 }),
  ];
  assert.deepEqual(treeOf(spans), {
    10: 'root',
    1: '10 span_id',
    2: '1 tcp_sequence',
    3: '2 tcp_sequence',
    11: '3 span_id',
    12: '11 span_id',
  });
});

test('a proxy that passes the header on stands between them', () => {
  const proxy = { host: 'x', pid: 1 };
  const back = { requestSequence: 5, responseSequence: 6, clientPort: 4 };
  const spans = [
    client,
    seen('1', 'server_process', { ...a, ...front, ...proxy, syscallRequest: 'e', at: 1, ms: 98 }),
    seen('2', 'client_process', { ...a, ...back, ...proxy, syscallRequest: 'e', at: 2, ms: 90 }),
    seen('3', 'server_process', { ...a, ...back, host: 'y', pid: 2, service: 's', at: 3, ms: 88 }),
    server({ service: 's' }),
  ];
  const between = { 10: 'root', 1: '10 span_id', 2: '1 syscall', 3: '2 tcp_sequence' };
  assert.deepEqual(treeOf(spans), { ...between, 11: '3 span_id' });
  const named = [...spans.slice(0, 4), server({ host: 'y', pid: 2 })];
  assert.deepEqual(treeOf(named), { ...between, 11: '3 span_id' });
  // The proxy may have sent the header elsewhere too, so that the service must be the same.
  const unnamed = [...spans.slice(0, 4), server()];
  assert.deepEqual(treeOf(unnamed), { ...between, 11: '10 span_id' });
});

test('of two attempts each is served where and when it came', () => {
  const spans = [
    client,
    seen('1', 'server_nic', { ...a, at: 0, ms: 10 }),
    seen('2', 'server_nic', { ...a, at: 200, ms: 60 }),
    server({ at: 205 }),
  ];
  const attempts = { 10: 'root', 1: '10 span_id', 2: '10 span_id' };
  assert.deepEqual(treeOf(spans), { ...attempts, 11: '2 span_id' });
  const atOnce = [client, spans[1]!, seen('2', 'server_nic', { ...a, at: 1 }), server({ at: 5 })];
  assert.deepEqual(treeOf(atOnce), { ...attempts, 11: '10 span_id' });
});

test('a caller whose span is not stored leaves its requests without a parent', () => {
  const spans = [seen('1', 'server_nic', { ...a, ms: 90 }), server()];
  assert.deepEqual(treeOf(spans), { 1: 'parent_not_stored', 11: '1 span_id' });
});

test('spans of SDKs alone hang as they say, both ends with one id included', () => {
  const shared = [
    sdk('1', { kind: 3 }),
    sdk('2', { parent: '1', kind: 3 }),
    { ...sdk('2', { parent: '1', kind: 2 }), service: 'other' },
    sdk('3', { parent: '2', kind: 1 }),
    sdk('4', { parent: '99' }),
  ];
  assert.deepEqual(treeOf(shared), {
    1: 'root',
    2: '1 span_id',
    3: '2 span_id',
    4: 'parent_not_stored',
  });
});

test('a trace that begins in a process hangs under the request whose work its calls are', () => {
  const process = { host: 'x', pid: 1 };
  const spans = [
    seen('1', 'server_process', { ...process, syscallRequest: 'e', at: 0, ms: 100 }),
    sdk('10', { trace: 'b', at: 1, ms: 90 }),
    sdk('11', { trace: 'b', parent: '10', kind: 3, at: 5, ms: 20 }),
    seen('2', 'client_process', {
      ...{ ...process, trace: 'b', parent: '11', syscallRequest: 'e', at: 6, clientPort: 3 },
    }),
  ];
  const tree = { 1: 'no_evidence', 10: '1 syscall', 11: '10 span_id', 2: '11 span_id' };
  assert.deepEqual(treeOf(spans), tree);
  const elsewhere = spans.with(1, sdk('10', { trace: 'b', at: 1, ms: 90, host: 'x', pid: 2 }));
  assert.deepEqual(treeOf(elsewhere), { ...tree, 10: 'root' });
  const early = spans.with(1, sdk('10', { trace: 'b', at: -90, ms: 190 }));
  assert.deepEqual(treeOf(early), { ...tree, 10: 'root' });
});
