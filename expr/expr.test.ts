import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  compileCondition,
  compileExpression,
  ExprRuntimeError,
  ExprSyntaxError,
  ExprTime,
  type Value,
} from './index.ts';

interface Case {
  readonly expr: string;
  readonly condition?: boolean;
  readonly refused?: boolean;
  readonly fails?: boolean;
  readonly type?: string;
  readonly value?: unknown;
}

type Place = Readonly<Record<string, Value>>;

const place: Place = {
  $: 'hello world',
  body: new Map<string, Value>([
    ['message', 'hello world'],
    ['n', 5n],
    ['f', 2.5],
    ['list', ['a', 'b', 3n]],
    ['sub', new Map<string, Value>(Object.entries({ k: 'v', nil: null }))],
    ['t', true],
    ['i64', 7n],
    ['uni', 'héllo wörld'],
  ]),
  attributes: new Map<string, Value>(
    Object.entries({ a: 'x', status: 200, code: '404', 'log.file.name': 'x.log' }),
  ),
  resource: new Map(),
  timestamp: new ExprTime(1_700_000_000_000_000_000n),
};

const options = {
  variables: new Map(Object.keys(place).map((name) => [name, (p: Place) => p[name]!])),
  environment: (name: string) => (name === 'HOME' ? 'here' : ''),
};

function plain(value: Value): unknown {
  if (value instanceof Map) return Object.fromEntries([...value].map(([k, v]) => [k, plain(v)]));
  if (Array.isArray(value)) return value.map(plain);
  return typeof value === 'bigint' ? Number(value) : value;
}

const golden = JSON.parse(
  readFileSync(new URL('./testdata/golden.json', import.meta.url), 'utf8'),
) as Case[];

test('expressions give what expr-lang gives', () => {
  for (const { expr, condition, refused, fails, type, value } of golden) {
    const compile = () =>
      condition ? compileCondition(expr, options) : compileExpression(expr, options);
    if (refused) {
      assert.throws(compile, ExprSyntaxError, expr);
      continue;
    }
    const run = compile();
    if (fails) {
      assert.throws(() => run(place), ExprRuntimeError, expr);
      continue;
    }
    const got = run(place);
    assert.deepEqual(plain(got), value, expr);
    if (type === 'int') assert.equal(typeof got, 'bigint', expr);
    if (type === 'float64') assert.equal(typeof got, 'number', expr);
  }
});

test('env() reads the environment', () => {
  assert.equal(compileExpression('env("HOME") + "/x"', options)(place), 'here/x');
  assert.equal(compileExpression('env("ABSENT")', options)(place), '');
});

test('errors carry the column', () => {
  assert.throws(() => compileExpression('body.a ==', options), { column: 10 });
  assert.throws(() => compileExpression('body matches "("', options), { column: 6 });
  assert.throws(() => compileExpression('1 + now()', options), /function now is not supported/);
  assert.throws(() => compileExpression('body.message.upper()', options), /not supported/);
});

test('deep nesting and long ranges are refused, not survived by luck', () => {
  assert.throws(() => compileExpression('('.repeat(5000), options), /nests deeper/);
  assert.throws(() => compileExpression(`${'!'.repeat(5000)}true`, options), /nests deeper/);
  assert.throws(() => compileExpression('1..99999999', options)(place), ExprRuntimeError);
});

test('any text either compiles or is refused with a column', () => {
  const words = [
    ...['body', 'attributes', '.', '?.', '[', ']', '(', ')', '{', '}', '==', 'and', 'not', 'in'],
    ...['matches', '"a"', "'", '1', '2.5', '+', '??', '?', ':', '#', 'len', 'filter', ',', '|'],
    ...['let', 'x', '=', ';', 'nil', '..', '-', '**', '\\', '`', '"', '/*', 'if', 'else'],
  ];
  const texts = fc.array(fc.constantFrom(...words), { maxLength: 12 }).map((w) => w.join(' '));
  fc.assert(
    fc.property(fc.oneof(texts, fc.string()), (text) => {
      let run: ((p: Place) => Value) | undefined;
      try {
        run = compileExpression(text, options);
      } catch (error) {
        assert.ok(error instanceof ExprSyntaxError, String(error));
      }
      try {
        run?.(place);
      } catch (error) {
        assert.ok(error instanceof ExprRuntimeError, String(error));
      }
    }),
    { numRuns: 1500 },
  );
});
