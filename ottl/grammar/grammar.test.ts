import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { OttlError } from '../errors.ts';
import { parseCondition, parseStatement, parseValue } from './parse.ts';
import { tokenize } from './tokens.ts';

const words = [
  ...['set', 'Concat', 'attributes', 'span', 'a_b', 'X_Y', 'nil', 'not', 'and', 'or', 'where'],
  ...['true', 'false', '1', '-', '+', '*', '/', '1.5', '.5e-3', '0xab', '"a"', '"\\n"', '"', '\\'],
  ...[
    '==',
    '!=',
    '<',
    '<=',
    '>',
    '>=',
    '=',
    '=>',
    '(',
    ')',
    '[',
    ']',
    '{',
    '}',
    ':',
    ',',
    '.',
    ' ',
  ],
  ...['_', '\n', '"😀"', 'é', '\0', '99999999999999999999', '0x', '#'],
];

const likeStatements = fc
  .array(fc.constantFrom(...words), { maxLength: 25 })
  .map((list) => list.join(''));

function refusedOnlyBy(text: string): void {
  for (const parse of [parseStatement, parseCondition, parseValue]) {
    try {
      parse(text);
    } catch (error) {
      assert.ok(error instanceof OttlError, `${JSON.stringify(text)}: ${error}`);
      assert.ok(error.column >= 0 && error.column <= text.length + 2, `${text}: ${error.column}`);
    }
  }
}

test('any text is a tree or an OttlError with a column', () => {
  fc.assert(fc.property(likeStatements, refusedOnlyBy), { numRuns: 1500 });
  fc.assert(fc.property(fc.string({ unit: 'binary', maxLength: 40 }), refusedOnlyBy));
});

test('tokens stand in the order of the text and end with its end', () => {
  fc.assert(
    fc.property(likeStatements, (text) => {
      let tokens: ReturnType<typeof tokenize>;
      try {
        tokens = tokenize(text);
      } catch (error) {
        assert.ok(error instanceof OttlError);
        return;
      }
      let at = -1;
      for (const token of tokens) {
        assert.ok(token.at > at || token.kind === 'end');
        at = token.at;
        if (token.kind !== 'string' && token.kind !== 'end') {
          assert.equal(text.slice(token.at, token.at + token.text.length), token.text);
        }
      }
      assert.equal(tokens.at(-1)?.kind, 'end');
    }),
    { numRuns: 500 },
  );
});

test('statements from hell are refused, not run out of stack or time', () => {
  const deep = 50_000;
  for (const text of [
    `${'('.repeat(deep)}true${')'.repeat(deep)}`,
    `${'not '.repeat(deep)}true`,
    `${'['.repeat(deep)}${']'.repeat(deep)}`,
    `${'{"a":'.repeat(deep)}1${'}'.repeat(deep)}`,
    `${'F('.repeat(deep)}${')'.repeat(deep)}`,
    `${'('.repeat(400)}1 == 1`,
    `a${'.a'.repeat(300_000)} == 1`,
    `true${' and true'.repeat(deep)}`,
    `1${' + 1'.repeat(deep)} == 1`,
    `"${'\\\\'.repeat(200_000)}`,
  ]) {
    assert.throws(() => parseCondition(text), OttlError, text.slice(0, 20));
  }
  assert.ok(parseCondition(`${'('.repeat(100)}true${')'.repeat(100)}`));
  assert.ok(parseCondition(`true${' or false'.repeat(900)}`));
});

test('what is not a statement is refused where it stops being one', () => {
  const refused: readonly (readonly [string, RegExp])[] = [
    ['', /invalid syntax/],
    ['Set(a, 1)', /editor names must start with a lowercase letter/],
    ['set(a, 1) where', /invalid syntax/],
    ['set(a, 1) 2', /1:11/],
    ['set(a, "x)', /1:8/],
    ['set(a, 1) where set(b, 1) == 1', /converter names must start with an uppercase letter/],
    ['set(a[0]b, 1)', /invalid syntax/],
    ['set(a, 99999999999999999999)', /out of range/],
  ];
  for (const [text, reason] of refused) {
    assert.throws(() => parseStatement(text), reason, text);
  }
});
