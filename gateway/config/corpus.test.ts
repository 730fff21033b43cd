import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { ConfigError, formatIssue } from '../../config/schema/issue.ts';
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

test('what is accepted and worth a warning', async () => {
  const text = `
receivers: {test: }
exporters: {keep: }
service:
  telemetry:
    logs: {encoding: }
    resource: {team: a, service.name: , schema_url: x}
  pipelines: {traces: {receivers: [test], exporters: [keep]}}
`.trim();
  const options = { entries: registry, checkOnly: true };
  const { warnings, notes } = await readConfig([`yaml:${text}`], {}, options);
  assert.deepEqual(warnings.map(formatIssue), [
    'yaml:5:12: service::telemetry::logs::encoding: has no value, which means "" and not its default "console"',
    'yaml:6:5: service::telemetry::resource: a map of attributes ("team", "service.name") is deprecated; use "attributes: [{name, value}]"',
  ]);
  assert.deepEqual(notes, []);
});

test('variables that are not set are warned of, empty ones noted', async () => {
  const text = `
receivers: {test: "\${env:A}"}
exporters: {keep: "\${env:B}"}
service: {pipelines: {traces: {receivers: [test], exporters: [keep]}}}
`.trim();
  const ready = await readConfig([`yaml:${text}`], { B: '' }, { entries: registry });
  const line = (state: string, name: string) =>
    `Configuration references ${state} environment variable "${name}"`;
  assert.deepEqual(
    ready.warnings.map((w) => w.message),
    [line('unset', 'A')],
  );
  assert.deepEqual(
    ready.notes.map((w) => w.message),
    [line('empty', 'B')],
  );
});
