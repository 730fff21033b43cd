import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { entityId } from './id.ts';

// Made with Python's hashlib from the description in id.ts.
const golden: readonly (readonly [string, Record<string, string>, bigint])[] = [
  [
    'process',
    {
      'host.id': '3d1219c7c4c5404aaa1f6d2a48adfda4',
      'process.pid': '4821',
      'process.creation.time': '2026-01-12T11:00:00.000Z',
    },
    4993541740833070733n,
  ],
  ['service', { 'service.name': 'shop' }, 3090494206209205967n],
  ['service', { 'service.namespace': 'prod', 'service.name': 'shop' }, 5968480228368819919n],
  [
    'container',
    { 'container.id': 'abababababababababababababababababababababababababababababababab' },
    7247423553123493239n,
  ],
  ['host', { 'host.id': 'größe\u2028', a: '' }, 13029572906043898205n],
  ['', {}, 16086683699531821019n],
];

test('golden vectors', () => {
  for (const [type, identity, id] of golden) assert.equal(entityId(type, identity), id);
});

test('the order of attributes does not matter, everything else does', () => {
  const pairs = fc.uniqueArray(fc.tuple(fc.string(), fc.string()), {
    selector: ([key]) => key,
    minLength: 1,
    maxLength: 6,
  });
  fc.assert(
    fc.property(fc.string(), pairs, (type, entries) => {
      const id = entityId(type, new Map(entries));
      assert.equal(entityId(type, new Map(entries.toReversed())), id);
      assert.ok(id > 0n && id < 1n << 64n);
      const [[key, value], ...rest] = entries as [[string, string], ...[string, string][]];
      assert.notEqual(entityId(type, new Map([[key, `${value}x`], ...rest])), id);
      assert.notEqual(entityId(`${type}x`, new Map(entries)), id);
    }),
  );
});
