import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Value, ValueMap } from '../../pdata/objects/index.ts';
import { type MetricIdentity, mapHash, resourceName, streamName } from './identity.ts';
import { Ring } from './ring.ts';
import { keyPart } from './routing-key.ts';

// Expected values were computed by the packages of the Go collector's contrib 0.155.

const attributes: ValueMap = new Map<string, Value>([
  ['service.name', 'shop'],
  ['n', -5n],
  ['d', Math.PI],
  ['t', true],
  ['f', false],
  ['e', null],
  ['b', Uint8Array.of(1, 2, 255)],
  ['s', ['größe', 1n]],
  [
    'm',
    new Map([
      ['z', '1'],
      ['a', '2'],
    ]),
  ],
  ['é', 'x'],
  ['ﬀ', 'y'],
  ['😀', 'z'],
]);

test('attributes of all types have the same hash in any order', () => {
  const reversed = new Map([...attributes].reverse());
  for (const map of [attributes, reversed]) {
    assert.equal(Buffer.from(mapHash(map)).toString('hex'), '2e587ded6e87096e518a11f2cafc8f6e');
  }
  assert.equal(resourceName(attributes), 'resource/767e933e3de11e02');
  assert.equal(resourceName(new Map()), 'resource/88201fb960ff6465');
});

test('streams of all kinds', () => {
  const kinds: readonly (readonly [number, boolean, number, string, string])[] = [
    [1, false, 0, 'stream/205153a5fe5f845c', 'stream/2744457e9d1aacad'],
    [2, true, 2, 'stream/907dbafada2d2eee', 'stream/e1642ab5fb62b0ef'],
    [3, true, 1, 'stream/b4614bcce8929abc', 'stream/a6e95aeef0fae1'],
    [4, true, 2, 'stream/d507b9340c5b4340', 'stream/774b8c9c872627e5'],
    [5, false, 0, 'stream/5d765f2890da94c8', 'stream/dc58e9884ddfe701'],
  ];
  const empty = new Uint8Array(16);
  for (const [type, isMonotonic, temporality, full, bare] of kinds) {
    const scope = { name: 'lib', version: '1', hash: mapHash(new Map([['a', 'b']])) };
    const metric: MetricIdentity = {
      resource: mapHash(attributes),
      scope,
      ...{ name: 'name', unit: 'ms', type, isMonotonic, temporality },
    };
    assert.equal(streamName(metric, new Map([['k', 'v']])), full);
    const nothing = { name: '', version: '', hash: empty };
    assert.equal(streamName({ ...metric, resource: empty, scope: nothing }, new Map()), bare);
  }
});

test('places on the ring', () => {
  // the Go collector: five points each at 1401, 4175, 14133, 17836, 21667 and 10240, 15002 ...
  const ring = new Ring(['endpoint-1', 'endpoint-2']);
  assert.equal(ring.of(Buffer.from('01020000'.padEnd(32, '0'), 'hex')), 0);
  assert.equal(ring.of(Buffer.from('80800000'.padEnd(32, '0'), 'hex')), 1);
  assert.equal(new Ring([]).of('x'), -1);
  const one = new Ring(['a']);
  const many = new Ring(['a', 'b', 'c', 'd']);
  const counts = [0, 0, 0, 0];
  for (let i = 0; i < 4000; i += 1) {
    assert.equal(one.of(`key ${i}`), 0);
    counts[many.of(`key ${i}`)]! += 1;
  }
  for (const count of counts) assert.ok(count > 600 && count < 1500, counts.join());
});

test('a backend that goes moves only what it had', () => {
  const before = new Ring(['a', 'b', 'c']);
  const after = new Ring(['a', 'c']);
  for (let i = 0; i < 2000; i += 1) {
    const was = before.endpoints[before.of(`key ${i}`)];
    if (was !== 'b') assert.equal(after.endpoints[after.of(`key ${i}`)], was);
  }
});

test('values in routing keys', () => {
  const f = (value: Value | undefined, want: string) =>
    assert.equal(keyPart('k', value), `k=${want}|`);
  f(undefined, '');
  f(null, '');
  f('a|b', 'a|b');
  f(-5n, '-5');
  f(true, 'true');
  f(1, '1');
  f(-0, '-0');
  f(0.1, '0.1');
  f(123456, '123456');
  f(1234567.5, '1.2345675e+06');
  f(123456789, '1.23456789e+08');
  f(1e20, '1e+20');
  f(1e21, '1e+21');
  f(1.5e300, '1.5e+300');
  f(0.0001, '0.0001');
  f(0.00001, '1e-05');
  f(Number.NaN, 'NaN');
  f(Number.NEGATIVE_INFINITY, '-Inf');
  f(Uint8Array.of(1, 2, 255), 'AQL/');
  f(['a', 1n, []], '[a,1,[]]');
  f(
    new Map<string, Value>([
      ['b', 1n],
      ['a', null],
    ]),
    '{a:,b:1}',
  );
});
