import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { ConfigError } from '../../config/schema/issue.ts';
import { readConfig } from '../load.ts';
import { createProbe, testRegistry } from '../testing/components.ts';

const testdata = join(import.meta.dirname, '../testdata');
const registry = testRegistry(createProbe());

test('each bad file gives its messages', async (t) => {
  const dir = join(testdata, 'bad');
  for (const name of readdirSync(dir)) {
    await t.test(name, async () => {
      const path = join(dir, name);
      const wanted = readFileSync(path, 'utf8')
        .split('\n')
        .filter((line) => line.startsWith('#! '))
        .map((line) => line.slice(3));
      const error = await readConfig([path], {}, { entries: registry }).then(
        () => assert.fail('it was accepted'),
        (e: unknown) => e,
      );
      assert.ok(error instanceof ConfigError, String(error));
      assert.deepEqual(error.message.replaceAll(`${dir}/`, '').split('\n'), wanted);
    });
  }
});

test('a good file', async () => {
  const path = join(testdata, 'good/everything.yaml');
  const { config, warnings } = await readConfig([path], {}, { entries: registry });
  assert.deepEqual(
    config.pipelines.map((p) => [p.id, p.signal]),
    [
      ['traces/in', 'traces'],
      ['traces/out', 'traces'],
      ['logs', 'logs'],
    ],
  );
  assert.deepEqual(config.extensions, ['aside/2', 'aside/1']);
  assert.deepEqual([...config.components.receiver.keys()], ['test', 'test/2', 'old_test/unused']);
  assert.equal(config.telemetry.logs.level, 'debug');
  assert.deepEqual(
    warnings.map((w) => w.message),
    ['"old_test" alias is deprecated; use "test" instead'],
  );
});
