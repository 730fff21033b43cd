import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Matcher } from '../../storage/metrics/model.ts';
import { ApiError } from './error.ts';
import { unquote } from './quoted.ts';
import { parseSelector, parseSelectors } from './selector.ts';

const shown = (text: string): string[] =>
  parseSelector(text).map(({ name, operator, value }) => `${name}${operator}${value}`);

test('selectors of PromQL', () => {
  const name = '__name__=up';
  assert.deepEqual(shown('up'), [name]);
  assert.deepEqual(shown(' up # comment'), [name]);
  assert.deepEqual(shown('up{}'), [name]);
  assert.deepEqual(shown('a:b{job="x",}'), ['__name__=a:b', 'job=x']);
  assert.deepEqual(shown('{a!="b", c=~"d|e" ,f!~\'g"\'}'), ['a!=b', 'c=~d|e', 'f!~g"']);
  assert.deepEqual(shown('{"up","a.b"=`c\\d`}'), [name, 'a.b=c\\d']);
  assert.deepEqual(shown("up{a='b\\n\\'\\x41\\u00e9\\303\\251'}"), [name, "a=b\n'Aéé"]);
  assert.deepEqual(shown('sum{by="x"}'), ['__name__=sum', 'by=x']);
  assert.deepEqual(shown('{}'), []);
});

test('what is none is refused at its place', () => {
  const cases = {
    '': '1:1: parse error: unexpected end of input, expected a metric name or "{"',
    'up{': '1:4: parse error: unexpected end of input, expected a label name or "}"',
    'up{up,}': '1:6: parse error: unexpected ",}", expected label matching operator',
    'up{a=b}': '1:6: parse error: unexpected "b}", in label matching, expected string',
    'up[5m]': '1:3: parse error: unexpected "[5m]", expected the end',
    'up{a="b" c="d"}': '1:10: parse error: unexpected "c=\\"d\\"}", expected "," or "}"',
    '{a=~"("}': '1:2: parse error: error parsing regexp: missing closing ): `(`',
    '{a="\\q"}': '1:4: parse error: invalid string',
    'a\n{b="\\xff"}': '2:4: parse error: invalid string',
    '{,}': '1:2: parse error: unexpected ",}", expected a label name or "}"',
  };
  for (const [text, message] of Object.entries(cases)) {
    assert.throws(() => parseSelector(text), { name: 'ApiError', type: 'bad_data', message }, text);
  }
  assert.throws(() => parseSelector('a'.repeat(100_001)), /more than 100000 characters/);
  assert.throws(() => parseSelector(`{${'a="b",'.repeat(1001)}}`), /more than 1000 matchers/);
});

test('one that takes every series is refused among match[]', () => {
  const message = 'match[] must contain at least one non-empty matcher';
  for (const text of ['{}', '{a=""}', '{a!="x"}', '{a=~".*"}', '{a!~".+"}']) {
    assert.throws(() => parseSelectors(['up', text]), { message }, text);
  }
  for (const text of ['{a="x"}', '{a!=""}', '{a=~".+"}', '{a!~".*"}', '{a=~"b|"}']) {
    if (text.includes('b|')) assert.throws(() => parseSelectors([text]), { message });
    else assert.equal(parseSelectors([text]).length, 1, text);
  }
});

test('any text is read or refused, and what is written with quotes is read back', () => {
  const piece = fc.constantFrom(
    'up',
    '{',
    '}',
    '"',
    "'",
    '`',
    '\\',
    ',',
    '=',
    '=~',
    '!',
    '#',
    '\n',
  );
  const any = fc.array(fc.oneof(piece, fc.string())).map((all) => all.join(''));
  const refusedOrRead = fc.property(any, (text) => {
    try {
      parseSelector(text);
    } catch (error) {
      assert.ok(error instanceof ApiError, String(error));
    }
  });
  fc.assert(refusedOrRead, { numRuns: 500 });
  const matcher = fc.record<Matcher>({
    name: fc.string({ unit: 'grapheme' }),
    operator: fc.constantFrom('=', '!='),
    value: fc.string({ unit: 'grapheme' }),
  });
  const quoted = (text: string): string => JSON.stringify(text).replaceAll('\x7f', '\\x7f');
  const roundTrip = fc.property(fc.array(matcher, { maxLength: 5 }), (all) => {
    const parts = all.map(
      ({ name, operator, value }) => `${quoted(name)}${operator}${quoted(value)}`,
    );
    assert.equal(JSON.stringify(parseSelector(`{${parts}}`)), JSON.stringify(all));
  });
  fc.assert(roundTrip, { numRuns: 300 });
});

test('escapes of strings', () => {
  assert.equal(unquote('a\\"b', '"'), 'a"b');
  assert.equal(unquote("a\\'b", '"'), undefined);
  assert.equal(unquote('\\U0001F600', '"'), '😀');
  assert.equal(unquote('\\ud800', '"'), undefined);
  assert.equal(unquote('\\777', '"'), undefined);
  assert.equal(unquote('a\nb', '"'), undefined);
  assert.equal(unquote('a\nb\\', '`'), 'a\nb\\');
});
