import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { ConfigError } from '../schema/issue.ts';
import { positionAt, toPlain } from '../schema/node.ts';
import { parseYaml } from './parse.ts';

const read = (text: string) => toPlain(parseYaml(text, 'f'));

test('lines of brackets and quotes may begin anywhere', () => {
  assert.deepEqual(read('a:\n  b: [\n1,\n  2\n]\nc: 3\n'), { a: { b: [1, 2] }, c: 3 });
  assert.deepEqual(read('a:\n  b: {\n\tc: 1,\n}\n'), { a: { b: { c: 1 } } });
  assert.deepEqual(read("a:\n  b: 'x\ny'\n"), { a: { b: 'x y' } });
  assert.deepEqual(read('{\n"a": {\n"b": 1}}\n'), { a: { b: 1 } });
});

test('places are those of the text as it was written', () => {
  const node = parseYaml('a:\n  b: {\nc: 1,\n  d: 2\n}\ne: 3\n', 'f');
  const at = (...path: string[]) => {
    const { line, column } = positionAt(node, path);
    return [line, column];
  };
  assert.deepEqual(at('a', 'b', 'c'), [3, 1]);
  assert.deepEqual(at('a', 'b', 'd'), [4, 3]);
  assert.deepEqual(at('e'), [6, 1]);
});

test('what yaml.v3 refuses is refused, with its place', () => {
  const f = (text: string, message: string) =>
    assert.throws(
      () => parseYaml(text, 'f'),
      (error: unknown) => error instanceof ConfigError && error.message === message,
      text,
    );
  f('a: "\u0001"', 'f:1:5: invalid YAML: control characters are not allowed, found U+0001');
  f('a: 1\nb: \u007f', 'f:2:4: invalid YAML: control characters are not allowed, found U+007F');
  f('%YAML 1.2\n---\na: 1', 'f:1:1: invalid YAML: found incompatible YAML document, version 1.2');
  f('# x\n%a', 'f:2:1: invalid YAML: found unknown directive name');
  f('1: a', 'f:1:1: cannot read YAML: the key 1 is not a text; put it in quotes');
});

test('only the first document counts, even when what follows is none', () => {
  assert.deepEqual(read('a: 1\n---\nb: [\n'), { a: 1 });
  assert.deepEqual(read('%YAML 1.1\n---\na: yes\n...\n'), { a: 'yes' });
  assert.equal(read(''), null);
  assert.equal(read('# nothing\n'), null);
});

test('keys that are no texts are written as Go prints them', () => {
  assert.deepEqual(read('a: {1: x, 0x10: y, true: z, ~: n, 1.50: f}'), {
    a: { 1: 'x', 16: 'y', true: 'z', '<nil>': 'n', 1.5: 'f' },
  });
});

test('indentation inside brackets never matters', () => {
  const value = fc.array(fc.array(fc.nat(99), { maxLength: 3 }), { maxLength: 4 });
  fc.assert(
    fc.property(value, fc.infiniteStream(fc.nat(6)), (lists, spaces) => {
      const indent = () => ' '.repeat(spaces.next().value ?? 0);
      const text = JSON.stringify(lists, null, 1).replace(/\n */g, () => `\n${indent()}`);
      assert.deepEqual(read(`a:\n    b: ${text}\nc: 1\n`), { a: { b: lists }, c: 1 });
    }),
    { numRuns: 200 },
  );
});
