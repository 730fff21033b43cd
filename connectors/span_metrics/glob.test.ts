import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { compileGlob } from './glob.ts';

test('patterns for dotted names', () => {
  const cases: [pattern: string, yes: string[], no: string[]][] = [
    ['db.*', ['db.', 'db.name'], ['db', 'db.a.b', 'xdb.a']],
    ['db.**', ['db.a.b', 'db.'], ['db']],
    ['?b', ['ab', '-b'], ['b', '.b', 'aab']],
    ['[ab]c', ['ac', 'bc'], ['cc', 'abc']],
    ['[!ab]c', ['cc', '.c'], ['ac']],
    ['[a-c]x', ['bx'], ['dx']],
    ['{http,rpc}.*', ['http.a', 'rpc.b'], ['htt.a', 'http,rpc.a']],
    ['{a,b{c,d}}e', ['ae', 'bce', 'bde'], ['be', 'ce']],
    ['{a', ['a'], ['{a']],
    ['a}', ['a}'], ['a']],
    ['a,b', ['a,b'], ['a']],
    ['\\*\\\\', ['*\\'], ['x\\']],
    ['a+b$^(c)|d', ['a+b$^(c)|d'], ['aab']],
    ['größe.*', ['größe.x'], ['grosse.x']],
    ['', [''], ['a']],
  ];
  for (const [pattern, yes, no] of cases) {
    const glob = compileGlob(pattern);
    for (const name of yes) assert.ok(glob.test(name), `${pattern} ${name}`);
    for (const name of no) assert.ok(!glob.test(name), `${pattern} ${name}`);
  }
});

test('faults', () => {
  const bad = (pattern: string, message: RegExp) =>
    assert.throws(() => compileGlob(pattern), message);
  bad('a[', /unexpected end of input/);
  bad('a[b', /unexpected end of input/);
  bad('[z-a]', /hi character 'a' should be greater than lo 'z'/);
  bad('[a-bc]', /expected close range character/);
  bad('[]', /could not parse range/);
});

test('a text without special characters matches itself alone; no pattern is a surprise', () => {
  const text = fc.string({ maxLength: 12 });
  fc.assert(
    fc.property(text, text, (a, b) => {
      const quoted = [...a].map((char) => `\\${char}`).join('');
      assert.equal(compileGlob(quoted).test(a), true);
      assert.equal(compileGlob(quoted).test(b), a === b);
      try {
        compileGlob(a).test(b);
      } catch (error) {
        assert.match((error as Error).message, /range|end of input|should be greater/);
      }
    }),
    { numRuns: 300 },
  );
});
