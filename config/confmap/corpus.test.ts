import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { ConfigError } from '../schema/issue.ts';
import { toPlain } from '../schema/node.ts';
import { loadConfig } from './load.ts';
import { defaultProviders } from './providers.ts';

const testdata = join(import.meta.dirname, 'testdata');
const providers = defaultProviders({ LOOP: '${LOOP}' });

test('each bad file gives its message', async (t) => {
  const dir = join(testdata, 'bad');
  const names = readdirSync(dir);
  assert.ok(names.length >= 15);
  for (const name of names) {
    await t.test(name, async () => {
      const path = join(dir, name);
      const wanted = readFileSync(path, 'utf8')
        .split('\n')
        .filter((line) => line.startsWith('#! '))
        .map((line) => line.slice(3));
      const error = await loadConfig([path], providers).then(
        () => assert.fail('it was accepted'),
        (e: unknown) => e,
      );
      assert.ok(error instanceof ConfigError, String(error));
      assert.deepEqual(error.message.replaceAll(`${dir}/`, '').split('\n'), wanted);
    });
  }
});

test('scalars mean what they mean to the Go collector', async () => {
  const { root } = await loadConfig([join(testdata, 'good/types.yaml')], providers);
  assert.deepEqual(toPlain(root), {
    octal: 83,
    octal12: 15,
    hex: 255,
    binary: 5,
    grouped: 1000,
    float: 1000,
    leading: 0.5,
    text: '1.2.3',
    version: 1.1,
    yes: 'yes',
    bool: true,
    none: null,
    empty: null,
    quoted: '0123',
    time: new Date(Date.UTC(2001, 11, 14)),
    big: 9007199254740993n,
    nan: Number.NaN,
    inf: Number.NEGATIVE_INFINITY,
  });
});

test('anchors, aliases and merge keys', async () => {
  const { root } = await loadConfig([join(testdata, 'good/anchors.yaml')], providers);
  assert.deepEqual(toPlain(root), {
    base: { a: 1, b: 2 },
    list: [1, 2],
    use: { a: 1, b: 3, list: [1, 2] },
  });
});
