import assert from 'node:assert/strict';
import test from 'node:test';
import { isClientSide, observationPoints } from './points.ts';

test("points that are nobody's side lie between the client's and the server's", () => {
  const sides = observationPoints.map((point) => point.split('_')[0]);
  const order = ['client', 'local', 'rest', 'server'];
  assert.deepEqual([...new Set(sides)], order);
  assert.deepEqual(
    sides,
    sides.toSorted((a, b) => order.indexOf(a!) - order.indexOf(b!)),
  );
  assert.deepEqual(observationPoints.filter(isClientSide).length, 6);
});
