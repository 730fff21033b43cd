import assert from 'node:assert/strict';
import { test } from 'node:test';
import { statusText } from './status.ts';

test('status as text', () => {
  const lines = [
    { name: 'kernel', on: true, detail: 'there' },
    { name: 'a', on: false, detail: 'not' },
  ];
  assert.equal(statusText(lines), 'on   kernel  there\noff  a       not\n');
});
