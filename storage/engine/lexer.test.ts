import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { identifier, lex, literal, unquote } from './lexer.ts';

const texts = (sql: string) => [...lex(sql)].map((token) => token.text);

test('words, numbers, strings, quoted names, comments', () => {
  assert.deepEqual(texts('SELECT a_1, 12.5 FROM`x y`'), [
    'SELECT',
    'a_1',
    ',',
    '12',
    '.',
    '5',
    'FROM',
    '`x y`',
  ]);
  assert.deepEqual(texts("'it''s' 'a\\'b' \"q\"\"r\""), ["'it''s'", "'a\\'b'", '"q""r"']);
  assert.deepEqual(texts('1 -- x ; y\n2 /* a /* b */ ; */ 3 # c\n4'), ['1', '2', '3', '4']);
  assert.deepEqual(texts('$$ ; $$ $a$ $$ $a$'), ['$$ ; $$', '$a$ $$ $a$']);
});

test('depth counts brackets of all kinds', () => {
  assert.deepEqual(
    [...lex('(a[{b}])')].map((token) => token.depth),
    [0, 1, 1, 2, 3, 2, 1, 0],
  );
});

test('what is not closed is an error', () => {
  for (const bad of ["'a", '`a', '"a', '/* a', '$x$ a', "'a\\'"]) {
    assert.throws(() => texts(bad), /is not closed/, bad);
  }
});

test('a literal or identifier is one token with the value it was made of', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (value) => {
      for (const text of [literal(value), identifier(value)]) {
        const [token, ...rest] = [...lex(text)];
        assert.equal(rest.length, 0);
        assert.equal(unquote(token!.text), value);
      }
    }),
    { numRuns: 300 },
  );
});

test('any text lexes or fails with a reason, and tokens lie in order inside it', () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom(...'a1\'"`$/*-#\n\\(){}; ') }), (sql) => {
      let end = 0;
      try {
        for (const token of lex(sql)) {
          assert.ok(token.start >= end && token.end > token.start && token.end <= sql.length);
          end = token.end;
        }
      } catch (error) {
        assert.match((error as Error).message, /is not closed/);
      }
    }),
    { numRuns: 500 },
  );
});
