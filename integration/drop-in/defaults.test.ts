import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import type { Kind } from '../../component/factory.ts';
import { findComponent, registry } from '../../gateway/components.ts';
import { defaultsFolder, differences, minimalConfigs } from './lib/defaults.ts';
import { ourDefaults } from './lib/our-defaults.ts';

const read = (name: string) =>
  JSON.parse(readFileSync(join(defaultsFolder, name), 'utf8')) as Record<string, unknown>;

test('defaults are those of the Go collector, but for what is listed', async (t) => {
  const recorded = read('recorded.json');
  const known = read('differences.json');
  for (const [name, config] of minimalConfigs()) {
    const [section = '', type = ''] = name.split('/');
    const here = findComponent(section.replace(/s$/, '') as Kind, type, registry);
    if (here === undefined) continue;
    await t.test(name, async () => {
      const found = differences(recorded[name], await ourDefaults(name, config));
      const listed = (known[name] ?? []) as string[];
      assert.deepEqual(
        found.filter((line) => !listed.includes(line)),
        [],
        'node integration/drop-in/defaults.ts --record TYPE lists it, where it is meant',
      );
    });
  }
});

test('what counts as a difference', () => {
  assert.deepEqual(differences({ a: 0, b: [], c: { d: '' } }, { a: null }), []);
  assert.deepEqual(differences({ a: { b: 1 } }, { a: { b: 2, c: 'x' } }), [
    'a::b: theirs 1, ours 2',
    'a::c: theirs absent, ours "x"',
  ]);
});
