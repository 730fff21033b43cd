import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { z } from 'zod';
import { duration } from '../config/schema/duration.ts';
import { section } from '../config/schema/section.ts';
import { registry } from '../gateway/components.ts';
import { compatibilityPage } from './docs/compatibility.ts';
import { differencesOf } from './docs/differences.ts';
import { exampleFaults, examplesOf } from './docs/examples.ts';
import { keyRows } from './docs/keys.ts';
import { compatibilityFile, docPages, docsFolder, documented } from './docs.ts';

test('pages are what npm run docs would write', async () => {
  const pages = await docPages(registry);
  const there = existsSync(docsFolder) ? readdirSync(docsFolder) : [];
  const stale = [...pages].filter(([name, text]) => {
    const path = join(docsFolder, name);
    return !existsSync(path) || readFileSync(path, 'utf8') !== text;
  });
  const surplus = there.filter((name) => !pages.has(name));
  const names = [...stale.map(([name]) => name), ...surplus];
  assert.deepEqual(names, [], 'run `npm run docs`');
});

test('the page on compatibility is what npm run docs would write', async () => {
  const there = existsSync(compatibilityFile) ? readFileSync(compatibilityFile, 'utf8') : '';
  assert.ok(there === (await compatibilityPage()), 'run `npm run docs`');
});

test('what differs is taken from a README', () => {
  const f = (text: string) => differencesOf(text);
  assert.equal(
    f('# A\n\nText.\n\nLimits: none of\nthem.\n\nMore.\n\n## B\n'),
    'Limits: none of\nthem.\n\nMore.',
  );
  assert.equal(f('# A\n\n## Limits\n\n- One [two](x.md).\n\n## B\n'), '- One two.');
  const loose =
    'As the Go collector.\n\nElse.\n\n```yaml\n# the Go collector\n```\n\n| the Go collector |\n';
  assert.equal(f(loose), 'As the Go collector.');
  assert.equal(f('# A\n\nText.\n'), '');
});

test('every example of a README is decoded', async (t) => {
  for (const { factory, examples } of await documented(registry)) {
    const name = `${factory.kind} ${factory.type}`;
    await t.test(name, async () => {
      assert.ok(examples.length > 0, 'its README has no example: a ```yaml block with its section');
      for (const text of examples) assert.deepEqual(await exampleFaults(text, name, registry), []);
    });
  }
});

test('keys of a schema', () => {
  const leaf = z.strictObject({ port: z.int().min(1).max(65535).describe('Port.') });
  const schema = z.strictObject({
    name: z.string(),
    wait: duration().prefault('5s').describe('How long.'),
    mode: z.enum(['a', 'b']).default('a'),
    grpc: section(leaf),
    list: z.array(leaf).default([]),
    map: z.record(z.string(), leaf).optional(),
    tags: z.array(z.string()).default(['x']),
    old: z.string().optional().meta({ deprecated: true, replacedBy: 'name' }),
  });
  const rows = keyRows(schema).map((r) => [r.path, r.type, r.required ? '!' : r.default, r.text]);
  assert.deepEqual(rows, [
    ['name', 'text', '!', ''],
    ['wait', 'duration', '5s', 'How long.'],
    ['mode', '`a`, `b`', 'a', ''],
    ['grpc', 'map', 'off', ''],
    ['grpc::port', 'integer, at least 1, at most 65535', '!', 'Port.'],
    ['list', 'list of maps', '[]', ''],
    ['list[]::port', 'integer, at least 1, at most 65535', '!', 'Port.'],
    ['map', 'map of maps', '', ''],
    ['map::NAME::port', 'integer, at least 1, at most 65535', '!', 'Port.'],
    ['tags', 'list of texts', '["x"]', ''],
    ['old', 'text', '', 'Deprecated; use "name" instead.'],
  ]);
});

test('examples are the blocks with a section of components', () => {
  const readme =
    '```yaml\nprocessors:\n  batch:\n```\ntext\n```yaml\nother: 1\n```\n```\nprocessors:\n```\n';
  assert.deepEqual(examplesOf(readme), ['processors:\n  batch:\n']);
});

test('faults of an example', async () => {
  const faults = (text: string) => exampleFaults(text, 'x', registry);
  assert.deepEqual(await faults('processors: {batch: {timeout: "${env:T:-5s}"}}'), []);
  assert.match(
    (await faults('processors: {batch: {timeout: soon}}'))[0]!,
    /timeout: expected a dur/,
  );
  assert.deepEqual(await faults('processors: {nope: }'), ['there is no processor "nope"']);
});
