import assert from 'node:assert/strict';
import { test } from 'node:test';
import { stitch } from '../stitch.ts';
import { seen, treeOf } from '../testing/spans.ts';

const same = { requestSequence: 5, responseSequence: 6, requestHead: 'aa' };
const outside = { clientAddress: '192.0.2.1', clientPort: 7 };

test('source and destination may be translated, several times', () => {
  const spans = [
    seen('1', 'client_process', same),
    seen('2', 'client_nic', same),
    seen('3', 'rest', { ...same, ...outside }),
    seen('4', 'server_nic', { ...same, ...outside, serverAddress: '10.9.9.9', serverPort: 8080 }),
    seen('5', 'server_process', {
      ...same,
      ...outside,
      serverAddress: '10.9.9.9',
      serverPort: 8080,
    }),
  ];
  assert.deepEqual(treeOf(spans), {
    1: 'no_evidence',
    2: '1 tcp_sequence',
    3: '2 address_translation',
    4: '3 address_translation',
    5: '4 tcp_sequence',
  });
  const link = stitch(spans).links[2]!;
  assert.match(
    'evidence' in link ? link.evidence : '',
    /10\.0\.0\.1:40000 .* became 192\.0\.2\.1:7/,
  );
});

test('equal numbers without equal first bytes are chance', () => {
  const pair = (a: object, b: object) =>
    treeOf([
      seen('1', 'client_nic', { ...same, ...a }),
      seen('2', 'server_nic', { ...same, ...b }),
    ])[2];
  assert.equal(pair({}, outside), '1 address_translation');
  assert.equal(pair({}, { ...outside, requestHead: 'bb' }), 'no_evidence');
  assert.equal(pair({}, { ...outside, requestHead: '' }), 'no_evidence');
  assert.equal(pair({ requestHead: '' }, { ...outside, requestHead: '' }), 'no_evidence');
  assert.equal(pair({}, { ...outside, responseSequence: 7 }), 'no_evidence');
  assert.equal(pair({}, { ...outside, at: 75 }), 'no_evidence');
  const path = (value: string) => ({ facts: new Map([['url.path', value]]) });
  assert.equal(pair(path('/a'), { ...outside, ...path('/b') }), 'no_evidence');
});

test('two senders of one message are ambiguous', () => {
  const spans = [
    seen('1', 'client_process', { ...same, host: 'x', pid: 1 }),
    seen('2', 'client_process', { ...same, host: 'x', pid: 2, clientPort: 4 }),
    seen('3', 'server_process', { ...same, ...outside }),
  ];
  assert.deepEqual(treeOf(spans), { 1: 'ambiguous', 2: 'ambiguous', 3: 'ambiguous' });
});

test('a datagram only to another server', () => {
  const udp = { transport: 'udp', requestHead: 'aa' };
  const pair = (b: object) =>
    treeOf([seen('1', 'client_nic', udp), seen('2', 'server_nic', { ...udp, ...b })])[2];
  assert.equal(pair({ serverAddress: '10.9.9.9' }), '1 address_translation');
  assert.equal(pair({ clientAddress: '10.9.9.9' }), 'no_evidence');
});

test('a datagram whose server does not know its address is joined by the client end, if that is known', () => {
  const udp = { transport: 'udp', requestHead: 'aa' };
  const pair = (a: object, b: object) =>
    treeOf([
      seen('1', 'client_process', { ...udp, host: 'x', pid: 1, ...a }),
      seen('2', 'server_process', { ...udp, host: 'x', pid: 2, serverAddress: '', ...b }),
    ])[2];
  assert.equal(pair({}, {}), '1 address_translation');
  assert.equal(pair({ clientAddress: '' }, { clientAddress: '' }), 'no_evidence');
  assert.equal(pair({ clientAddress: '' }, {}), 'no_evidence');
  const local = { clientAddress: '127.0.0.1' };
  assert.equal(pair({ ...local, serverAddress: '127.0.0.2' }, local), '1 address_translation');
  assert.equal(
    pair({ ...local, serverAddress: '127.0.0.2' }, { ...local, host: 'y' }),
    'no_evidence',
  );
});
