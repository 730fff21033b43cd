import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { seededRandom } from '../../testing/random.ts';
import { IdTable } from './id-table.ts';
import { RowLists } from './row-lists.ts';

test('a table finds what a map finds, whatever is added and removed', () => {
  const word = fc.constantFrom(0, 1, -1, 7, 0x7fffffff);
  const step = fc.record({ id: fc.tuple(word, word, word, word), add: fc.boolean() });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 300 }), fc.integer(), (steps, seed) => {
      const model = new Map<string, number>();
      const table = new IdTable(seededRandom(seed), () => {}, 2);
      for (const { id, add } of steps) {
        const key = id.join();
        const row = table.find(...id);
        assert.equal(row, model.get(key) ?? -1);
        if (add && row < 0) model.set(key, table.add(...id));
        else if (!add && row >= 0) {
          table.remove(row);
          model.delete(key);
        }
        assert.equal(table.count, model.size);
      }
      for (const [key, row] of model) {
        const words = key.split(',').map(Number) as [number, number, number, number];
        assert.equal(table.find(...words), row);
        assert.deepEqual(
          [0, 1, 2, 3].map((n) => table.word(row, n)),
          words,
        );
      }
    }),
    { numRuns: 200 },
  );
});

test('lists keep the order in which rows came, and each row is in one', () => {
  const step = fc.record({
    row: fc.nat({ max: 9 }),
    list: fc.constantFrom(-1, 0, 1, 2),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const lists = new RowLists(3);
      lists.grow(4);
      lists.grow(10);
      const model: number[][] = [[], [], []];
      for (const { row, list } of steps) {
        for (const rows of model) if (rows.includes(row)) rows.splice(rows.indexOf(row), 1);
        if (list < 0) lists.remove(row);
        else {
          lists.push(list, row);
          model[list]!.push(row);
        }
      }
      model.forEach((rows, list) => {
        const seen: number[] = [];
        lists.each(list, (row) => seen.push(row));
        assert.deepEqual(seen, rows);
        assert.equal(lists.first(list), rows[0] ?? -1);
      });
    }),
  );
});
