import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { StreamTable } from './table.ts';

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);

/** A few hashes only, so that chains of slots are walked. */
const hashOf = (text: string): number => (text.length * 31) % 5;

test('a table does what a map does, and gives back all memory', () => {
  const key = fc.string({ maxLength: 4 });
  const action = fc.oneof(
    fc.record({ kind: fc.constant('put' as const), key, size: fc.nat(200), seen: fc.nat(9) }),
    fc.record({ kind: fc.constant('forget' as const), key, size: fc.nat(9), seen: fc.nat(9) }),
  );
  fc.assert(
    fc.property(fc.array(action, { maxLength: 60 }), (actions) => {
      let reserved = 0;
      const table = new StreamTable(
        (bytes) => {
          reserved += bytes;
          return true;
        },
        (bytes) => void (reserved -= bytes),
      );
      const model = new Map<string, { payload: Uint8Array; seen: number }>();
      for (const { kind, key, size, seen } of actions) {
        if (kind === 'forget') {
          table.retain((i) => table.seen(i) >= seen);
          for (const [name, entry] of model) if (entry.seen < seen) model.delete(name);
        } else {
          const bytes = bytesOf(key);
          const payload = new Uint8Array(size).fill(size);
          let i = table.find(bytes, bytes.length, hashOf(key));
          assert.equal(i >= 0, model.has(key));
          if (i < 0) i = table.add(bytes, bytes.length, hashOf(key), size);
          else assert.ok(table.resize(i, size));
          table.arena.set(payload, table.payload(i));
          table.touch(i, seen);
          model.set(key, { payload, seen });
        }
        assert.equal(table.size, model.size);
        assert.equal(table.bytes, reserved);
        for (const [name, { payload, seen: at }] of model) {
          const bytes = bytesOf(name);
          const i = table.find(bytes, bytes.length, hashOf(name));
          assert.ok(i >= 0, name);
          const start = table.payload(i);
          const held = table.arena.subarray(start, start + table.payloadSize(i));
          assert.deepEqual(held, payload);
          assert.equal(table.seen(i), at);
        }
      }
      table.clear();
      assert.deepEqual([reserved, table.bytes, table.size], [0, 0, 0]);
    }),
    { numRuns: 300 },
  );
});

test('without memory nothing is added and nothing is lost', () => {
  let left = 3000;
  const table = new StreamTable(
    (bytes) => bytes <= left && (left -= bytes) >= 0,
    (bytes) => void (left += bytes),
  );
  let added = 0;
  while (table.add(bytesOf(`k${added}`), String(added).length + 1, added, 100) >= 0) added += 1;
  assert.ok(added > 3, String(added));
  for (let i = 0; i < added; i += 1) {
    const key = bytesOf(`k${i}`);
    assert.equal(table.find(key, key.length, i), i);
  }
  assert.equal(table.resize(0, 2000), false);
  assert.equal(table.payloadSize(0), 100);
});
