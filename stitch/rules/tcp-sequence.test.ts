import assert from 'node:assert/strict';
import { test } from 'node:test';
import { observationPoints } from '../../wire/observation/points.ts';
import { seen, treeOf } from '../testing/spans.ts';

const same = { requestSequence: 0, responseSequence: 9 };

test('one message at every place hangs in the order of its way', () => {
  const spans = observationPoints.map((point, i) => seen((i + 1).toString(16), point, same));
  const want = observationPoints.map((_, i) => [
    (i + 1).toString(16),
    i === 0 ? 'no_evidence' : `${i.toString(16)} tcp_sequence`,
  ]);
  assert.deepEqual(treeOf(spans.toReversed()), Object.fromEntries(want));
});

test('at equal places the longer one comes first, whatever the clocks say', () => {
  const spans = [
    seen('a', 'rest', { ...same, host: 'x', at: 0, ms: 8 }),
    seen('b', 'rest', { ...same, host: 'y', at: 3, ms: 10 }),
    seen('c', 'rest', { ...same, host: 'y', at: 4, ms: 7 }),
  ];
  assert.deepEqual(treeOf(spans), { a: 'b tcp_sequence', b: 'no_evidence', c: 'a tcp_sequence' });
});

test('another sequence, connection, host of a loopback or time is another message', () => {
  const alone = (a: object, b: object) => {
    const spans = [
      seen('1', 'client_nic', { ...same, ...a }),
      seen('2', 'server_nic', { ...same, ...b }),
    ];
    assert.deepEqual(treeOf(spans), { 1: 'no_evidence', 2: 'no_evidence' });
  };
  alone({}, { requestSequence: 1 });
  alone({}, { responseSequence: 10 });
  alone({}, { requestSequence: undefined, responseSequence: undefined });
  alone({}, { clientPort: 1 });
  alone({}, { serverAddress: '10.0.0.3' });
  const loop = { clientAddress: '127.0.0.1', serverAddress: '127.0.0.1' };
  alone({ ...loop, host: 'x' }, { ...loop, host: 'y' });
  alone({ ...loop }, { ...loop });
  alone({ at: 0 }, { at: 71 });
  alone({ at: 0, host: 'x' }, { at: 61, host: 'x' });
  alone({ responseSequence: undefined }, { at: 61 });
});

test('where both sequences are equal a server may read the request late', () => {
  const spans = [
    seen('1', 'client_process', { ...same, at: 0, ms: 900 }),
    seen('2', 'server_process', { ...same, at: 700, ms: 100 }),
  ];
  assert.deepEqual(treeOf(spans), { 1: 'no_evidence', 2: '1 tcp_sequence' });
});

test('one end alone is enough where the other was not seen', () => {
  const part = (a: object, b: object) =>
    treeOf([
      seen('1', 'client_nic', { ...same, ...a }),
      seen('2', 'server_nic', { ...same, ...b }),
    ]);
  const linked = { 1: 'no_evidence', 2: '1 tcp_sequence' };
  assert.deepEqual(part({}, { responseSequence: undefined, answered: false }), linked);
  assert.deepEqual(part({ requestSequence: undefined }, { at: 1, ms: 9 }), linked);
});

test('what the message says must not differ', () => {
  const differ = (a: object, b: object) => {
    const spans = [
      seen('1', 'client_nic', { ...same, ...a }),
      seen('2', 'server_nic', { ...same, ...b }),
    ];
    assert.deepEqual(treeOf(spans), { 1: 'no_evidence', 2: 'no_evidence' });
  };
  const facts = (name: string, value: string) => ({ facts: new Map([[name, value]]) });
  for (const name of [
    'network.protocol.name',
    'http.request.method',
    'url.path',
    'db.operation.name',
  ]) {
    differ(facts(name, 'a'), facts(name, 'b'));
  }
  differ({ requestId: 'a' }, { requestId: 'b' });
  differ({ headerTraceId: 'a' }, { headerTraceId: 'b' });
  differ({ requestHead: 'a' }, { requestHead: 'b' });
  differ({}, { transport: 'udp' });
  differ(facts('url.path', '/long'), facts('url.path', '/lo'));
  const cut = [
    seen('1', 'client_nic', { ...same, ...facts('url.path', '/long') }),
    seen('2', 'server_nic', { ...same, ...facts('url.path', '/lo'), cut: true }),
  ];
  assert.deepEqual(treeOf(cut), { 1: 'no_evidence', 2: '1 tcp_sequence' });
});

test('sightings that do not all agree are none', () => {
  const path = (value: string) => ({ facts: new Map([['url.path', value]]) });
  const spans = [
    seen('1', 'client_nic', { ...same, ...path('/a') }),
    seen('2', 'rest', same),
    seen('3', 'server_nic', { ...same, ...path('/b') }),
  ];
  assert.deepEqual(treeOf(spans), { 1: 'ambiguous', 2: 'ambiguous', 3: 'ambiguous' });
  const twice = [
    seen('1', 'client_process', { ...same, host: 'x', pid: 1 }),
    seen('2', 'client_process', { ...same, host: 'x', pid: 2 }),
  ];
  assert.deepEqual(treeOf(twice), { 1: 'ambiguous', 2: 'ambiguous' });
});

test('a datagram is known by its DNS id and question, else by its first bytes', () => {
  const dns = (id: string, name = 'example') => ({
    transport: 'udp',
    facts: new Map([
      ['wirestitch.dns.id', id],
      ['dns.question.name', name],
    ]),
  });
  const pair = (a: object, b: object) =>
    treeOf([seen('1', 'client_process', a), seen('2', 'server_nic', b)])[2];
  assert.equal(pair(dns('5'), dns('5')), '1 datagram');
  assert.equal(pair(dns('5'), dns('6')), 'no_evidence');
  assert.equal(pair(dns('5'), dns('5', 'other')), 'no_evidence');
  assert.equal(pair(dns('5'), { ...dns('5'), at: 80 }), 'no_evidence');
  assert.equal(pair(dns('5'), { ...dns('5'), clientPort: 2 }), 'no_evidence');
  const head = { transport: 'udp', requestHead: 'aa' };
  assert.equal(pair(head, head), '1 datagram');
});
