import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import { z } from 'zod';
import { decode } from '../schema/decode.ts';
import { type ConfNode, positionAt, toPlain } from '../schema/node.ts';
import { expand } from './expand.ts';
import { loadConfig } from './load.ts';
import { parseYaml } from './parse.ts';
import { defaultProviders } from './providers.ts';

const env = {
  NUMBER: '23',
  OCTAL: '0123',
  QUOTED: '"0123"',
  LETTER: 't',
  EMPTY: '',
  NAME: 'NUMBER',
  MAP: '{a: 1, b: [x, "${env:NUMBER}"]}',
  DOLLARS: 'a$$b',
  CHAIN: '${env:NUMBER}',
  TORN: '[1, 2',
  HEX: '0xdeadbeef',
};

async function expanded(text: string): Promise<{ node: ConfNode; warnings: string[] }> {
  const warnings: string[] = [];
  const note = (_at: unknown, { message }: { message: string }) => warnings.push(message);
  const yaml = parseYaml(`v: ${text}`, 'test.yaml');
  const root = await expand(yaml, { providers: defaultProviders(env), note });
  assert.ok(root.kind === 'map');
  return { node: root.entries.get('v')!.value, warnings };
}

async function f(text: string, want: unknown) {
  assert.deepEqual(toPlain((await expanded(text)).node), want, text);
}

test('a whole value takes the type of its text', async () => {
  await f('${env:NUMBER}', 23);
  await f('${NUMBER}', 23);
  await f('${env:OCTAL}', 83);
  await f('${env:QUOTED}', '"0123"');
  await f('${env:LETTER}', 't');
  await f('"${env:NUMBER}"', 23);
  await f('${env:MAP}', { a: 1, b: ['x', 23] });
  await f('${env:TORN}', '[1, 2');
  await f('${env:CHAIN}', 23);
});

test('inside a text the reference is its text', async () => {
  await f('a${env:OCTAL}b', 'a0123b');
  await f('${env:OCTAL}${env:NUMBER}', '012323');
  await f('"x${env:UNSET}y"', 'xy');
});

test('defaults', async () => {
  await f('${env:UNSET:-5s}', '5s');
  await f('${env:UNSET:-7}', 7);
  await f('"${env:UNSET:-}"', null);
  await f('${env:NUMBER:-7}', 23);
  await f('${env:EMPTY:-7}', null);
  await f('"a${env:UNSET:-b:-c}"', 'ab:-c');
});

test('nesting goes from inside out', async () => {
  await f('${env:${env:NAME}}', 23);
  await f('${env:UNSET:-${env:NUMBER}}', 23);
});

test('dollars', async () => {
  await f('a$b', 'a$b');
  await f('$NUMBER', '$NUMBER');
  await f('$$NUMBER', '$NUMBER');
  await f('"$${env:NUMBER}"', '${env:NUMBER}');
  await f('"$$${env:NUMBER}"', '$23');
  await f('"${env:DOLLARS}"', 'a$b');
  await f('"${unclosed"', '${unclosed');
});

test('keys are not expanded', async () => {
  await f('{"${env:NUMBER}": 1}', { '${env:NUMBER}': 1 });
});

test('unset and empty variables are warned of', async () => {
  assert.deepEqual((await expanded('${env:UNSET}')).warnings, [
    'Configuration references unset environment variable "UNSET"',
  ]);
  assert.deepEqual((await expanded('${env:EMPTY}')).warnings, [
    'Configuration references empty environment variable "EMPTY"',
  ]);
  assert.deepEqual((await expanded('${env:UNSET:-1}')).warnings, []);
});

test('a field of type string takes the text, others the value', async () => {
  const decoded = async (text: string, schema: z.ZodType) => {
    const result = decode((await expanded(text)).node, schema);
    return result.ok ? result.value : result.issues[0]?.message;
  };
  assert.equal(await decoded('${env:OCTAL}', z.string()), '0123');
  assert.equal(await decoded('${env:OCTAL}', z.number()), 83);
  assert.equal(await decoded('${env:HEX}', z.string()), '0xdeadbeef');
  assert.equal(await decoded('${env:QUOTED}', z.string()), '"0123"');
  assert.equal(await decoded('${env:LETTER}', z.boolean()), 'expected true or false, got "t"');
  assert.equal(await decoded('${env:NUMBER}', z.boolean()), 'expected true or false, got 23');
  assert.equal(await decoded('23', z.string()), 'expected a text, got 23');
});

test('files are merged left to right and can be included', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'confmap-'));
  try {
    const write = (name: string, text: string) => writeFile(join(dir, name), text);
    await write('a.yaml', 'x: {k: 1, list: [1, 2]}\nwiped: {a: 1}\nkept: 1\n');
    await write('b.yaml', `x: {list: [3], part: "\${file:${dir}/part.yaml}"}\nwiped:\n`);
    await write('part.yaml', 'deep:\n  value: ${env:NUMBER}\n');
    const uris = [join(dir, 'a.yaml'), `file:${dir}/b.yaml`, 'yaml:x::k: 5'];
    const { root } = await loadConfig(uris, defaultProviders(env));
    assert.deepEqual(toPlain(root), {
      x: { k: 5, list: [3], part: { deep: { value: 23 } } },
      wiped: null,
      kept: 1,
    });
    const at = positionAt(root, ['x', 'part', 'deep', 'value']);
    assert.deepEqual(at, { file: join(dir, 'part.yaml'), line: 2, column: 3 });
    assert.equal(positionAt(root, ['kept']).file, join(dir, 'a.yaml'));
  } finally {
    await rm(dir, { recursive: true });
  }
});

test('sources that cannot be read say why', async () => {
  const load = (uri: string) => loadConfig([uri], defaultProviders(env));
  await assert.rejects(load('/no/such.yaml'), {
    message: 'unable to read the file "/no/such.yaml": no such file or directory',
  });
  await assert.rejects(load('s3:bucket'), { message: /unsupported scheme on URI "s3:bucket"/ });
  assert.deepEqual(toPlain((await load('env:UNSET')).root), {});
  await assert.rejects(loadConfig([], defaultProviders(env)), {
    message: 'at least one config flag must be provided',
  });
});
