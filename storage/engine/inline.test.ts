import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { formatParam } from '../sql.ts';
import type { Approved } from './guard.ts';
import { inline } from './inline.ts';
import { lex, unquote } from './lexer.ts';

function approved(canonical: string): Approved {
  const tokens = [...lex(canonical)];
  return { kind: 'select', root: '', canonical, tokens, format: undefined, parameters: [] };
}

function environment(parameters: Record<string, string>, settings: Record<string, string> = {}) {
  return {
    database: 'd',
    settings: new Map(Object.entries(settings)),
    parameters: new Map(Object.entries(parameters)),
  };
}

test('parameters of simple types become constants, others stay', () => {
  const sql = 'SELECT {a:UInt64}, {b:String}, {c:Float64}, {d:Array(String)}, {e:Int8}, {e:Int64}';
  const values = { a: '18446744073709551615', b: "it's", c: '1.5', d: "['x']", e: '200', f: 'x' };
  const { canonical, tail, rest } = inline(approved(sql), environment(values));
  assert.equal(
    canonical,
    "SELECT CAST(18446744073709551615, 'UInt64'), 'it\\'s', {c:Float64}, {d:Array(String)}, " +
      "{e:Int8}, CAST(200, 'Int64')",
  );
  assert.equal(tail, '');
  assert.deepEqual([...rest.parameters.keys()], ['c', 'd', 'e']);
});

test('plain settings follow the statement unless it has settings of its own', () => {
  const settings = { max_threads: '2', output_format_x: '1', max_y: "1, z = '2'" };
  const plain = inline(approved('SELECT 1'), environment({}, settings));
  assert.equal(plain.tail, ' SETTINGS max_threads = 2');
  assert.deepEqual([...plain.rest.settings.keys()], ['output_format_x', 'max_y']);
  const own = inline(approved('SELECT 1 SETTINGS max_threads = 1'), environment({}, settings));
  assert.equal(own.tail, '');
  assert.equal(own.rest.settings.size, 3);
});

test('whatever the value, it stays one string literal', () => {
  const parts = fc.constantFrom("'", '\\', '\n', '\t', '\0', '"', '{', '--', '/*', 'a', 'é', '😀');
  const texts = fc.array(parts, { maxLength: 12 }).map((list) => list.join(''));
  fc.assert(
    fc.property(texts, fc.boolean(), (text, raw) => {
      const value = raw ? text : formatParam(text);
      const { canonical, rest } = inline(approved('SELECT {p:String}'), environment({ p: value }));
      if (rest.parameters.has('p')) {
        assert.ok(raw);
        assert.equal(canonical, 'SELECT {p:String}');
        return;
      }
      const [, token, ...more] = [...lex(canonical)];
      assert.equal(token!.type, 'string');
      assert.equal(more.length, 0);
      if (!raw && !/[\n\t\0\\]/.test(text)) assert.equal(unquote(token!.text), text);
    }),
    { numRuns: 500 },
  );
});
