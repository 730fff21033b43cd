import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type MetadataRow, metadataOf, partsOf } from './metadata.ts';

const row = (name: string, type: string, said: string): MetadataRow => ({
  ...{ name, type, said, monotonic: type === 'sum', unit: 's', help: 'Helps.' },
});

test('series that were sent one by one tell of the metric that they are parts of', () => {
  const whole = metadataOf([row('wait', 'histogram', 'histogram'), row('size', 'summary', '')]);
  const parts = [
    ...partsOf('wait').map((name) => row(name, 'gauge', 'histogram')),
    ...['size', 'size_sum', 'size_count'].map((name) => row(name, 'gauge', 'summary')),
  ];
  assert.deepEqual(metadataOf(parts), whole);
});

test('a name alone says nothing', () => {
  const rows = [row('words_count', 'gauge', 'gauge'), row('rows_sum', 'sum', 'counter')];
  assert.deepEqual([...metadataOf(rows).keys()], ['words_count', 'rows_sum']);
});
