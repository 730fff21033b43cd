import assert from 'node:assert/strict';
import test from 'node:test';
import { orderingSection, orderOf } from './ordering.ts';

test('a date without a year is of the year that the clock makes likely', () => {
  const criteria = orderingSection().parse({
    regex: '(?P<day>\\d\\d-\\d\\d)\\.log$',
    sort_by: [{ sort_type: 'timestamp', regex_key: 'day', layout: '%m-%d' }],
  });
  const newest = (day: string) => {
    const order = orderOf(criteria, () => Date.parse(day), assert.fail);
    return order?.(['12-31.log', '01-01.log', '06-01.log']);
  };
  assert.deepEqual(newest('2024-01-02'), ['01-01.log']);
  assert.deepEqual(newest('2024-12-31'), ['12-31.log']);
});
