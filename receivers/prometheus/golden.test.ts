import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { checkGolden, type Golden } from './testing/golden.ts';

const golden = JSON.parse(
  readFileSync(join(import.meta.dirname, 'testdata/golden.json'), 'utf8'),
) as Golden[];

for (const one of golden) {
  test(`as the Go receiver: ${one.Name}`, () => {
    assert.equal(one.Batch.length, one.Case.Steps.length);
    assert.deepEqual(checkGolden(one), []);
  });
}
