import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import { convert, dynamic } from '../testing.ts';
import { printChildren } from './print.ts';
import { parseTree } from './tree.ts';
import { selectNodes } from './xpath-eval.ts';
import { parseXPath } from './xpath-parse.ts';

const runs = { numRuns: 300 };
const name = fc.constantFrom('a', 'b', 'ns-1', 'é');
const text = fc.string({
  unit: fc.constantFrom('x', ' ', '&amp;', '&lt;', 'é', '&#34;'),
  maxLength: 5,
});

const element: fc.Arbitrary<string> = fc.letrec<{ element: string }>((tie) => ({
  element: fc
    .tuple(
      name,
      fc.uniqueArray(name, { maxLength: 2 }),
      fc.array(fc.oneof({ maxDepth: 3 }, text, tie('element')), { maxLength: 3 }),
    )
    .map(([tag, attributes, inner]) => {
      const all = attributes.map((key) => ` ${key}="v"`).join('');
      return `<${tag}${all}>${inner.join('')}</${tag}>`;
    }),
})).element;

suite('XML', () => {
  test('what is read is printed as it was', () => {
    fc.assert(
      fc.property(element, (xml) => assert.equal(printChildren(parseTree(xml)), xml)),
      runs,
    );
  });

  test('any text is a document or a fault', () => {
    const any = fc.string({ unit: fc.constantFrom(...'<>/a="\'&;!-[]? x:', '<a>', '</a>', ']]>') });
    for (const converter of ['ParseXML', 'ParseSimplifiedXML']) {
      fc.assert(
        fc.property(any, (xml) => {
          try {
            assert.ok(convert(converter, { target: dynamic(xml) }) instanceof Map);
          } catch (error) {
            assert.equal((error as Error).name, 'OttlRuntimeError', String(error));
          }
        }),
        runs,
      );
    }
  });

  test('nothing grows and nothing is too deep', () => {
    const bomb = '<!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>';
    assert.throws(() => convert('ParseXML', { target: dynamic(bomb) }), /invalid character entity/);
    const deep = '<a>'.repeat(20_000) + '</a>'.repeat(20_000);
    for (const converter of ['ParseXML', 'ParseSimplifiedXML']) {
      assert.throws(() => convert(converter, { target: dynamic(deep) }), {
        name: 'OttlRuntimeError',
      });
    }
    const args = { target: dynamic(deep), x_path: '//a' };
    assert.throws(() => convert('GetXML', args), { name: 'OttlRuntimeError' });
  });
});

suite('XPath', () => {
  const xml = '<r><a id="1"><b>x</b><b>y</b></a><a id="2"><b>z</b></a><!-- c --></r>';
  const select = (path: string) =>
    selectNodes(parseXPath(path), parseTree(xml)).map(({ kind, data }) => `${kind}:${data}`);

  test('paths, predicates and functions', () => {
    const cases: [string, number][] = [
      ['//b', 3],
      ['/r/a[1]/b', 2],
      ['//b[1]', 2],
      ['(//b)[1]', 1],
      ['//a[@id="2"]/b', 1],
      ['//b[text()="y"]/..', 1],
      ['//a[count(b) > 1]', 1],
      ['//@id', 2],
      ['//comment()', 1],
      ['//b[position()=last()]', 2],
      ['//a[b="z" or @id=1]', 2],
      ['//b[contains(., "y")] | //a[2]', 2],
      ['/r/*/following-sibling::a', 1],
      ['//b[not(starts-with(., "z"))]', 2],
      ['//b[matches(., "^[xy]$")]', 2],
      ['//nothing', 0],
      ['count(//b)', 0],
    ];
    for (const [path, count] of cases) assert.equal(select(path).length, count, path);
  });

  test('faults', () => {
    for (const bad of [
      '',
      '/a[',
      '//',
      'nope()',
      '/a/',
      'a::b',
      '@',
      'contains("x")',
      '('.repeat(500),
    ]) {
      assert.throws(() => parseXPath(bad), Error, bad);
    }
  });
});
