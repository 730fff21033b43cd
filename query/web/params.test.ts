import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { flagOf, nameOf, namesOf, nanoseconds, neededName, shown, wholeNumber } from './params.ts';
import { WebError } from './route.ts';

const bounds = { least: 1, most: 200, usual: 60 };
const readers = {
  name: (query: URLSearchParams) => nameOf(query, 'p'),
  needed: (query: URLSearchParams) => neededName(query, 'p'),
  names: (query: URLSearchParams) => namesOf(query, 'p'),
  whole: (query: URLSearchParams) => wholeNumber(query, 'p', bounds),
  ns: (query: URLSearchParams) => nanoseconds(query, 'p'),
  flag: (query: URLSearchParams) => flagOf(query, 'p'),
};

/** What is read of a query, or what it is refused with. */
function f(reader: keyof typeof readers, query: string): unknown {
  try {
    return readers[reader](new URLSearchParams(query));
  } catch (error) {
    assert.ok(error instanceof WebError && error.reason === 'bad_request');
    return error.message;
  }
}

test('parameters that are given, and what stands for those that are not', () => {
  assert.deepEqual([f('name', 'p=a+b'), f('name', 'p='), f('name', '')], ['a b', '', '']);
  assert.equal(f('needed', 'p=x'), 'x');
  assert.deepEqual(f('names', 'p=x&p=&p=y'), ['x', 'y']);
  assert.deepEqual([f('whole', 'p=200'), f('whole', 'p='), f('whole', '')], [200, 60, 60]);
  assert.equal(f('ns', 'p=1767225600123456789'), 1767225600123456789n);
  for (const yes of ['1', 'true']) assert.equal(f('flag', `p=${yes}`), true);
  for (const no of ['p=0', 'p=false', 'p=', '']) assert.equal(f('flag', no), false);
});

test('refusals say what was given and what it must be', () => {
  const long = 'x'.repeat(1001);
  const cut = `p is "${'x'.repeat(100)}…": it must be at most 1000 characters`;
  for (const reader of ['name', 'needed', 'names'] as const)
    assert.equal(f(reader, `p=${long}`), cut);
  for (const reader of ['needed', 'ns'] as const) {
    for (const query of ['', 'p=']) assert.equal(f(reader, query), 'parameter p is missing');
  }
  for (const text of ['0', '201', '-1', '1.5', '1e2', ' 1', '0x1', '9'.repeat(16)]) {
    const said = `p is "${text}": it must be a whole number from 1 to 200`;
    assert.equal(f('whole', `p=${encodeURIComponent(text)}`), said);
  }
  for (const text of ['now', '-1', '1'.repeat(20)]) {
    assert.equal(f('ns', `p=${text}`), `p is "${text}": it must be decimal nanoseconds since 1970`);
  }
  assert.equal(f('flag', 'p=yes'), 'p is "yes": it must be 0, 1, false or true');
});

test('any query is read or refused, in a line that stays short', () => {
  fc.assert(
    fc.property(fc.string(), fc.constantFrom(...Object.keys(readers)), (text, reader) => {
      const query = new URLSearchParams([['p', text]]).toString();
      assert.ok(String(f(reader as keyof typeof readers, query)).length < 1_001);
    }),
  );
});

test('values of bodies are shown by their kind', () => {
  const shownAs = [undefined, null, 5, 'a"b', [1, 2], { a: 1 }].map(shown);
  assert.deepEqual(shownAs, ['nothing', 'null', '5', '"a\\"b"', 'a list of 2', 'an object']);
});
