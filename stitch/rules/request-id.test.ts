import assert from 'node:assert/strict';
import { test } from 'node:test';
import { seen, treeOf } from '../testing/spans.ts';

const process = { host: 'x', pid: 1 };
const inbound = (id: string, more: object = {}) =>
  seen(id, 'server_process', { ...process, at: 0, ms: 100, ...more });
const outbound = (id: string, more: object = {}) =>
  seen(id, 'client_process', { ...process, at: 10, ms: 20, clientPort: 1, ...more });

test('an id that was passed on, one that was made, and one that came back', () => {
  const linked = (a: object, b: object) => treeOf([inbound('1', a), outbound('2', b)])[2];
  assert.equal(linked({ requestId: 'r' }, { requestId: 'r' }), '1 request_id');
  assert.equal(linked({ responseRequestId: 'r' }, { requestId: 'r' }), '1 request_id');
  assert.equal(linked({ responseRequestId: 'r' }, { responseRequestId: 'r' }), '1 request_id');
  assert.equal(linked({ requestId: 'r' }, { requestId: 's' }), 'no_evidence');
  assert.equal(linked({}, {}), 'no_evidence');
});

test('only in the same process, while the request is served', () => {
  const linked = (more: object) =>
    treeOf([inbound('1', { requestId: 'r' }), outbound('2', { requestId: 'r', ...more })])[2];
  assert.equal(linked({ pid: 2 }), 'no_evidence');
  assert.equal(linked({ host: 'y' }), 'no_evidence');
  assert.equal(linked({ at: 110 }), 'no_evidence');
  assert.equal(linked({ at: 90 }), '1 request_id');
});

test('two requests with the id at once are ambiguous, one after the other they are not', () => {
  const r = { requestId: 'r' };
  const second = (at: number) => inbound('2', { ...r, at, clientPort: 3 });
  assert.equal(treeOf([inbound('1', r), second(5), outbound('3', r)])[3], 'ambiguous');
  assert.equal(treeOf([inbound('1', r), second(200), outbound('3', r)])[3], '1 request_id');
});

test('a proxy that only packets show is known by its address', () => {
  const r = { requestId: 'r' };
  const front = (more: object = {}) =>
    seen('1', 'server_nic', { ...r, serverAddress: '10.5.5.5', ms: 100, ...more });
  const back = (more: object = {}) =>
    seen('2', 'client_nic', { ...r, clientAddress: '10.5.5.5', at: 10, ms: 20, ...more });
  assert.equal(treeOf([front(), back()])[2], '1 request_id');
  assert.equal(treeOf([front(), back({ clientAddress: '10.6.6.6' })])[2], 'no_evidence');
  assert.equal(treeOf([front(), back({ ms: 400 })])[2], 'no_evidence');
  const loop = { clientAddress: '127.0.0.1', serverAddress: '127.0.0.1' };
  assert.equal(treeOf([front(loop), back(loop)])[2], 'no_evidence');
  const own = outbound('2', { ...r, clientAddress: '10.5.5.5' });
  assert.equal(treeOf([front(), own])[2], '1 request_id');
  assert.equal(treeOf([front({ host: 'x', pid: 7 }), own])[2], 'no_evidence', 'another process');
});

test('system calls that name another request contradict it', () => {
  const spans = [
    inbound('1', { requestId: 'r' }),
    inbound('2', { requestId: 's', syscallRequest: 'a', clientPort: 3 }),
    outbound('3', { requestId: 'r', syscallRequest: 'a' }),
  ];
  assert.equal(treeOf(spans)[3], 'conflict');
});
