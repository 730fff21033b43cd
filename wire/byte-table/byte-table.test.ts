import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ByteTable, hashBytes } from './byte-table.ts';

test('numbers byte strings as a map does', () => {
  const key = fc.uint8Array({ maxLength: 3, max: 3 });
  fc.assert(
    fc.property(fc.array(key, { maxLength: 200 }), fc.boolean(), (keys, collide) => {
      const table = new ByteTable();
      const model = new Map<string, number>();
      for (const bytes of keys) {
        const hash = collide ? 7 : hashBytes(bytes, 0, bytes.length);
        const padded = Uint8Array.of(9, ...bytes, 9);
        const text = bytes.join();
        const to = bytes.length + 1;
        assert.equal(table.find(padded, 1, to, hash), model.get(text) ?? -1);
        if (!model.has(text)) model.set(text, table.add(padded, 1, to, hash));
        const number = model.get(text)!;
        assert.ok(table.is(number, padded, 1, to, hash));
        const key = table.keys.subarray(table.start(number), table.end(number));
        assert.deepEqual([...key], [...bytes]);
      }
      assert.deepEqual(
        [...model.values()],
        [...model.keys()].map((_, i) => i),
      );
      assert.equal(table.size, model.size);
    }),
    { numRuns: 200 },
  );
});
