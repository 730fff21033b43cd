import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { after } from 'node:test';
import { ConfigError } from '../../config/schema/issue.ts';
import { registry } from '../components.ts';
import { FeatureGates } from '../config/gates.ts';
import {
  baseFile,
  type PrintCase,
  type Printed,
  partsOf,
  readTable,
  writeFiles,
} from '../testing/print-config-cases.ts';
import { type PrintOptions, printConfig } from './print-config.ts';

const folder = mkdtempSync(join(tmpdir(), 'print-config-'));
const home = process.cwd();
after(() => {
  process.chdir(home);
  rmSync(folder, { recursive: true });
});

/** Where this program says something else, and why. */
const differs: Readonly<Record<string, string>> = {};

const json: PrintOptions = { format: 'json', mode: 'unredacted', validate: true };

async function print(one: PrintCase, options = json): Promise<string> {
  const gates = new FeatureGates();
  gates.apply(one.gates ?? '');
  const sets = (one.sets ?? []).map((set) => {
    const [, key = '', value = ''] = /^([^=]*)=(.*)$/s.exec(set) ?? [];
    if (!set.includes('=')) throw new ConfigError([]);
    return `yaml:${key.replaceAll('.', '::').trim()}: ${value.trim()}`;
  });
  const sources = { uris: [baseFile, ...one.uris, ...sets], gates };
  return printConfig(sources, options, registry, one.env ?? {});
}

async function outcome(one: PrintCase): Promise<Printed> {
  writeFiles(folder, one.files);
  process.chdir(folder);
  try {
    return { parts: partsOf(JSON.parse(await print(one))) };
  } catch (error) {
    assert.ok(error instanceof Error && !(error instanceof TypeError), String(error));
    return { error: error.message };
  }
}

test('odd configurations mean what they mean to the Go collector', async (t) => {
  const recorded = readTable<Printed>('recorded.json');
  const cases = Object.entries(readTable<PrintCase>('cases.json'));
  assert.ok(cases.length >= 250);
  for (const [name, one] of cases) {
    await t.test(name, { skip: differs[name] ?? false }, async () => {
      const wanted = recorded[name];
      assert.ok(wanted !== undefined, 'not recorded');
      const got = await outcome(one);
      assert.deepEqual(got.parts, wanted.parts, wanted.error ?? got.error ?? '');
    });
  }
});

const examples = join(import.meta.dirname, '../../config/examples');

test('what is printed means the same when it is read again', async (t) => {
  const names = readdirSync(examples).filter((name) => name.endsWith('.yaml'));
  assert.ok(names.length >= 4);
  for (const name of names) {
    await t.test(name, async () => {
      const options = { format: 'yaml', mode: 'unredacted', validate: true };
      const read = (uri: string) =>
        printConfig({ uris: [uri], gates: new FeatureGates() }, options, registry, {});
      const once = await read(join(examples, name));
      assert.equal(await read(`yaml:${once.replaceAll('$', '$$$$')}`), once);
    });
  }
});

test('secrets are masked unless they are asked for', async () => {
  const text = 'yaml:exporters: {otlp_grpc: {endpoint: "a:1", headers: {k: hush}}}';
  const redacted = await print({ uris: [text] }, { ...json, mode: 'redacted' });
  assert.ok(!redacted.includes('hush') && redacted.includes('"k": "[REDACTED]"'), redacted);
  assert.ok((await print({ uris: [text] })).includes('hush'));
  const yaml = await print({ uris: [text] }, { ...json, format: 'YAML', mode: 'Redacted' });
  assert.match(yaml, /^ +k: "?\[REDACTED\]"?$/m);
});

test('options that cannot be', async () => {
  const f = (options: Partial<PrintOptions>, message: string) =>
    assert.rejects(print({ uris: [] }, { ...json, ...options }), { message });
  await f({ mode: 'all' }, 'invalid mode "all": modes are: redacted, unredacted');
  await f({ format: 'xml' }, 'unrecognized print format: xml');
});
