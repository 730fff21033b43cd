import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { EdgeKind, EdgeStore } from './edge-store.ts';

const ids = (n: number) =>
  Uint8Array.from({ length: 24 }, (_, i) => (i === 3 ? n : i === 20 ? n >> 2 : 0));

test('finds, removes and expires like a list', () => {
  const step = fc.record({ key: fc.nat(40), remove: fc.boolean(), kind: fc.constantFrom(0, 1) });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 400 }), (steps) => {
      const store = new EdgeStore(7);
      let list: { key: number; kind: number; edge: number }[] = [];
      let now = 0;
      for (const { key, remove, kind } of steps) {
        now += 1;
        const bytes = ids(key);
        const hash = store.hash(bytes, 0, 16);
        const known = list.findLast((one) => one.key === key && one.kind === kind);
        const found = store.find(kind, hash, bytes, 0, 16);
        assert.equal(found, known?.edge ?? -1);
        if (remove && known !== undefined) {
          store.remove(found);
          list = list.filter((one) => one !== known);
        } else {
          const edge = store.add(kind, hash, { bytes, trace: 0, span: 16 }, now);
          list.push({ key, kind, edge });
        }
        assert.equal(store.size, list.length);
      }
      for (const { edge } of list) {
        assert.equal(store.expired(now + 1), edge);
        store.remove(edge);
      }
      assert.equal(store.expired(now + 1), -1);
    }),
    { numRuns: 200 },
  );
});

test('an empty span id is told, and absent ids are zero', () => {
  const store = new EdgeStore(1);
  const bytes = new Uint8Array(24).fill(9);
  const hash = store.hash(bytes, 0, -1);
  const edge = store.add(EdgeKind.request, hash, { bytes, trace: 0, span: -1 }, 1);
  assert.equal(store.root[edge], 1);
  const zero = new Uint8Array(24);
  zero.fill(9, 0, 16);
  assert.equal(store.find(EdgeKind.request, store.hash(zero, 0, 16), zero, 0, 16), edge);
});
