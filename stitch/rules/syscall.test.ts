import assert from 'node:assert/strict';
import { test } from 'node:test';
import { seen, treeOf } from '../testing/spans.ts';

const process = { host: 'x', pid: 1 };

function server(id: string, request: string, response: string, more: object = {}) {
  const ids = { syscallRequest: request, syscallResponse: response };
  return seen(id, 'server_process', { ...process, ...ids, at: 0, ms: 100, ...more });
}

let port = 0;
function call(id: string, request: string, response: string, more: object = {}) {
  const ids = { syscallRequest: request, syscallResponse: response, clientPort: ++port };
  return seen(id, 'client_process', { ...process, ...ids, at: 10, ...more });
}

test('calls in a row hang under the request, each by the id that it has in common', () => {
  const spans = [
    server('1', 'a', 'd'),
    call('2', 'a', 'b'),
    call('3', 'b', 'c'),
    call('4', 'c', 'd'),
  ];
  const under = '1 syscall';
  assert.deepEqual(treeOf(spans), { 1: 'no_evidence', 2: under, 3: under, 4: under });
  const { 3: middle } = treeOf(spans.filter((span) => !span.spanId.endsWith('2')));
  assert.equal(middle, under, 'the last response is enough');
  const alone = treeOf(spans.slice(1, 3));
  assert.deepEqual(alone, { 2: 'no_evidence', 3: 'no_evidence' });
});

test('calls at once share the id of the request', () => {
  const spans = [server('1', 'a', 'a'), call('2', 'a', 'a'), call('3', 'a', 'a')];
  assert.deepEqual(treeOf(spans), { 1: 'no_evidence', 2: '1 syscall', 3: '1 syscall' });
});

test('an id that is not there equals nothing', () => {
  const spans = [server('1', '', ''), call('2', '', '')];
  assert.deepEqual(treeOf(spans), { 1: 'no_evidence', 2: 'no_evidence' });
});

test('ids count within one process of one host', () => {
  const other = (more: object) => treeOf([server('1', 'a', 'a'), call('2', 'a', 'a', more)])[2];
  assert.equal(other({}), '1 syscall');
  assert.equal(other({ host: 'y' }), 'no_evidence');
  assert.equal(other({ pid: 2 }), 'no_evidence');
  assert.equal(other({ host: '', pid: undefined }), 'no_evidence');
});

test('a call does not begin before the request came', () => {
  assert.equal(treeOf([server('1', 'a', 'a', { at: 20 }), call('2', 'a', 'a')])[2], 'no_evidence');
  const late = treeOf([server('1', 'a', 'a', { ms: 1 }), call('2', 'a', 'a', { at: 50 })])[2];
  assert.equal(late, '1 syscall', 'and may begin after the response');
});

test('two requests with one id are ambiguous', () => {
  const second = { serverPort: 81 };
  const spans = [server('1', 'a', 'a'), server('2', 'a', 'a', second), call('3', 'a', 'a')];
  assert.equal(treeOf(spans)[3], 'ambiguous');
  const between = [server('1', 'a', 'a'), server('2', 'b', 'b', second), call('3', 'a', 'b')];
  assert.equal(treeOf(between)[3], 'ambiguous');
});

test('a process that calls itself does not hang under its own request', () => {
  const loop = { requestSequence: 1, responseSequence: 2, clientPort: 5 };
  const spans = [
    call('1', 'a', 'a', { ...loop, at: 0, ms: 50 }),
    server('2', 'a', 'a', { ...loop, at: 1 }),
  ];
  assert.deepEqual(treeOf(spans), { 1: 'no_evidence', 2: '1 tcp_sequence' });
});
