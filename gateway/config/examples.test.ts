import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { readConfig } from '../load.ts';

const examples = join(import.meta.dirname, '../../config/examples');
const files = readdirSync(examples).filter((name) => name.endsWith('.yaml'));

test('every example is valid with nothing set', async (t) => {
  assert.ok(files.length >= 4);
  for (const name of files) {
    await t.test(name, async () => {
      const { config, warnings } = await readConfig([join(examples, name)], {});
      assert.deepEqual(warnings, []);
      assert.ok(config.pipelines.length > 0);
    });
  }
});

test('every example is in the list', () => {
  const list = readFileSync(join(examples, 'README.md'), 'utf8');
  for (const name of files) assert.ok(list.includes(`(${name})`), name);
});
