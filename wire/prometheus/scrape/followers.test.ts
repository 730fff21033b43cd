import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Followers } from './followers.ts';

test('guesses what came next the last time, as a map does', () => {
  const order = fc.array(fc.nat(200), { maxLength: 60 });
  fc.assert(
    fc.property(fc.array(order, { maxLength: 6 }), (orders) => {
      const followers = new Followers();
      const model = new Map<number, number>();
      for (const numbers of orders) {
        followers.rewind();
        let last = -1;
        for (const number of numbers) {
          assert.equal(followers.guess(), model.get(last) ?? -1);
          followers.came(number);
          model.set(last, number);
          last = number;
        }
      }
    }),
    { numRuns: 300 },
  );
});
