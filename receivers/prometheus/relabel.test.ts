import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { relabelActions, relabelRule } from './config/relabel.ts';
import { compileRules, relabel } from './relabel.ts';

/** Applies rules to labels; undefined = dropped. */
function f(labels: Readonly<Record<string, string>>, ...rules: object[]) {
  const compiled = compileRules(
    rules.map((rule) => relabelRule.parse(rule)),
    true,
  );
  const map = new Map(Object.entries(labels));
  return relabel(compiled, map) ? Object.fromEntries(map) : undefined;
}

const abc = { a: 'foo', b: 'bar', c: 'baz' };

// results as in Prometheus' model/relabel tests, https://github.com/prometheus/prometheus
test('replace', () => {
  const rule = { source_labels: ['a'], regex: 'f(.*)', target_label: 'd' };
  const ch = { ...rule, separator: ';', replacement: 'ch${1}-ch${1}' };
  assert.deepEqual(f(abc, ch), { ...abc, d: 'choo-choo' });
  const both = { source_labels: ['a', 'b'], regex: 'f(.*);(.*)r', target_label: 'a' };
  assert.deepEqual(f(abc, { ...both, replacement: 'b${1}${2}m' }), { ...abc, a: 'boobam' });
  assert.deepEqual(f(abc, { ...rule, regex: 'oo' }), abc);
  assert.deepEqual(f(abc, { target_label: 'd', replacement: 'x' }), { ...abc, d: 'x' });
  const none = { source_labels: ['a'], target_label: 'b', replacement: '' };
  assert.deepEqual(f(abc, none), { a: 'foo', c: 'baz' });
  const named = { source_labels: ['a'], target_label: 'n_$1', replacement: '$1' };
  assert.deepEqual(f({ a: 'x' }, named), { a: 'x', n_x: 'x' });
  assert.deepEqual(f({ a: 'x' }, { source_labels: ['a'], target_label: '$2' }), { a: 'x' });
  assert.deepEqual(f({ a: 'x\ny' }, { source_labels: ['a'], target_label: 'b' }), {
    a: 'x\ny',
    b: 'x\ny',
  });
});

test('keep, drop and their equals', () => {
  assert.equal(f(abc, { source_labels: ['a'], regex: '.*o.*', action: 'drop' }), undefined);
  assert.deepEqual(f(abc, { source_labels: ['a'], regex: 'o', action: 'Drop' }), abc);
  assert.equal(f(abc, { source_labels: ['a'], regex: 'no', action: 'keep' }), undefined);
  assert.deepEqual(f(abc, { source_labels: ['a'], regex: 'f|foo', action: 'keep' }), abc);
  const equal = { source_labels: ['a'], target_label: 'x' };
  assert.equal(f({ ...abc, x: 'foo' }, { ...equal, action: 'dropequal' }), undefined);
  assert.deepEqual(f(abc, { ...equal, action: 'dropequal' }), abc);
  assert.equal(f(abc, { ...equal, action: 'keepequal' }), undefined);
  assert.deepEqual(f({ a: 'y', x: 'y' }, { ...equal, action: 'keepequal' }), { a: 'y', x: 'y' });
});

test('hashmod, lowercase, uppercase', () => {
  const hash = { source_labels: ['c'], target_label: 'd', action: 'hashmod', modulus: 1000 };
  assert.deepEqual(f(abc, hash), { ...abc, d: '976' });
  assert.deepEqual(f({ a: 'foo\nbar' }, { ...hash, source_labels: ['a'], target_label: 'b' }), {
    a: 'foo\nbar',
    b: '734',
  });
  const upper = { source_labels: ['a'], target_label: 'u', action: 'uppercase' };
  const lower = { source_labels: ['a'], target_label: 'l', action: 'lowercase' };
  assert.deepEqual(f({ a: 'bAr' }, upper, lower), { a: 'bAr', u: 'BAR', l: 'bar' });
});

test('labelmap, labeldrop, labelkeep', () => {
  const map = { regex: '(b.*)', action: 'labelmap', replacement: 'bar_${1}' };
  assert.deepEqual(f({ a: '1', b1: '2', b2: '3' }, map), {
    a: '1',
    b1: '2',
    b2: '3',
    bar_b1: '2',
    bar_b2: '3',
  });
  assert.deepEqual(f({ a: '1', b1: '2' }, { regex: 'b.*', action: 'labeldrop' }), { a: '1' });
  assert.deepEqual(f({ a: '1', b1: '2' }, { regex: 'b.*', action: 'labelkeep' }), { b1: '2' });
});

test('no rule leaves a label without a value, whatever it is', () => {
  const text = fc.constantFrom('', 'a', 'b', 'x1', '$1', '${1}y', '(.*)', '.', 'A');
  const name = fc.constantFrom('a', 'b', 'x1', 'A');
  const rule = fc.record({
    source_labels: fc.array(name, { maxLength: 2 }),
    regex: fc.constantFrom('(.*)', 'a', '(a|b)', '', '.+'),
    target_label: text,
    replacement: text,
    modulus: fc.constantFrom(1, 7),
    action: fc.constantFrom(...relabelActions),
  });
  const labels = fc.dictionary(name, fc.constantFrom('a', 'b', 'ab'), { noNullPrototype: true });
  fc.assert(
    fc.property(labels, fc.array(rule, { maxLength: 4 }), (given, rules) => {
      const out = f(given, ...rules);
      for (const value of Object.values(out ?? {})) assert.notEqual(value, '');
    }),
    { numRuns: 500 },
  );
});
