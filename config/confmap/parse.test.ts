import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { stringify } from 'yaml';
import { ConfigError } from '../schema/issue.ts';
import { positionAt, toPlain } from '../schema/node.ts';
import { expand } from './expand.ts';
import { mergeNodes } from './merge.ts';
import { defaultParseLimits, parseYaml } from './parse.ts';
import { defaultProviders } from './providers.ts';
import { resolveScalar } from './scalar.ts';

test('every value knows its place', () => {
  const node = parseYaml('a:\n  b:\n    - x\n    - {c: 1}\n', 'f.yaml');
  const at = (path: (string | number)[]) => {
    const { line, column } = positionAt(node, path);
    return [line, column];
  };
  assert.deepEqual(at(['a']), [1, 1]);
  assert.deepEqual(at(['a', 'b']), [2, 3]);
  assert.deepEqual(at(['a', 'b', 0]), [3, 7]);
  assert.deepEqual(at(['a', 'b', 1, 'c']), [4, 8]);
  assert.deepEqual(at(['a', 'b', 7, 'c']), [2, 3], 'what is absent is at the nearest thing');
});

test('limits', () => {
  const limits = { ...defaultParseLimits, maxLength: 100, maxDepth: 5, maxNodes: 10 };
  const refused = (text: string, message: RegExp) =>
    assert.throws(() => parseYaml(text, 'f', limits), { name: 'ConfigError', message });
  refused('x'.repeat(101), /larger than 100 characters/);
  refused('[[[[[[1]]]]]]', /nested deeper than 5 levels/);
  refused('[1,2,3,4,5,6,7,8,9,10]', /more than 10 values/);
});

test('deep nesting is refused before it can exhaust the stack', () => {
  for (const text of ['['.repeat(100_000), '{a: '.repeat(100_000), '- '.repeat(100_000)]) {
    assert.throws(() => parseYaml(text, 'f'), ConfigError);
  }
});

// What is a number here and a text for the writer is written without quotes; `<<` is a merge.
const text = fc.oneof(
  fc.string().filter((one) => one !== '<<' && typeof resolveScalar(one) === 'string'),
  fc.constantFrom('', '12', '-1.5', '1e3', '0x1f', 'true', 'null', '~', 'yes', '2001-01-01'),
);
const leaf = fc.oneof(
  text,
  fc.integer(),
  fc.boolean(),
  fc.constant(null),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
);
const { tree } = fc.letrec((tie) => ({
  tree: fc.oneof(
    { maxDepth: 4 },
    leaf,
    fc.array(tie('tree'), { maxLength: 4 }),
    fc.dictionary(text, tie('tree'), { maxKeys: 4 }),
  ),
}));

test('what a YAML writer wrote is read back', () => {
  fc.assert(
    fc.property(tree, (value) => {
      const text = stringify(value, { version: '1.1', sortMapEntries: true });
      const read = JSON.stringify(toPlain(parseYaml(text, 'f')), (_key, v: unknown) =>
        typeof v === 'bigint' ? Number(v) : v,
      );
      assert.deepEqual(JSON.parse(read), JSON.parse(JSON.stringify(value)));
    }),
    { numRuns: 300 },
  );
});

test('any text is read or refused with a position', () => {
  const piece = fc.constantFrom('a', ': ', '- ', '\n', '  ', '[', ']', '{', '}', '&a', '*a', '"');
  const more = fc.constantFrom(
    '|',
    '>',
    '!!int ',
    '<<: ',
    '? ',
    '#',
    ',',
    '1',
    '---',
    '%',
    '$',
    '\t',
  );
  fc.assert(
    fc.property(fc.array(fc.oneof(piece, more), { maxLength: 40 }), (parts) => {
      try {
        parseYaml(parts.join(''), 'f');
      } catch (error) {
        assert.ok(error instanceof ConfigError, String(error));
        assert.ok(error.issues.every((issue) => (issue.at?.line ?? 0) >= 1));
      }
    }),
    { numRuns: 500 },
  );
});

test('any references end in a value or a ConfigError', async () => {
  const piece = fc.constantFrom('${', '}', '$', 'env:', 'A', 'B', ':-', 'yaml:', '::', ' ');
  const providers = defaultProviders({ A: '${B}', B: '$${A}', AB: '[${A}]' });
  await fc.assert(
    fc.asyncProperty(fc.array(piece, { maxLength: 14 }), async (parts) => {
      const at = { file: 'f', line: 1, column: 1 };
      const node = { kind: 'scalar', at, value: parts.join('') } as const;
      await expand(node, { providers, note: () => {} }).catch((error: unknown) => {
        assert.ok(error instanceof ConfigError, String(error));
      });
    }),
    { numRuns: 500 },
  );
});

test('merging is what merging of plain maps is', () => {
  const merge = (a: unknown, b: unknown): unknown => {
    if (!isMap(a) || !isMap(b)) return b;
    const out = { ...a };
    for (const key of Object.keys(b)) out[key] = key in a ? merge(a[key], b[key]) : b[key];
    return out;
  };
  const key = fc.constantFrom('a', 'b', 'c');
  const { map } = fc.letrec((tie) => ({
    map: fc.dictionary(key, fc.oneof({ maxDepth: 3 }, fc.nat(9), fc.constant(null), tie('map'))),
  }));
  const node = (value: unknown) => parseYaml(JSON.stringify(value), 'f');
  fc.assert(
    fc.property(map, map, (a, b) => {
      const plain = JSON.parse(JSON.stringify([a, b])) as [unknown, unknown];
      assert.deepEqual(toPlain(mergeNodes(node(a), node(b))), merge(plain[0], plain[1]));
    }),
    { numRuns: 300 },
  );
});

function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

test('plain scalars', () => {
  const f = (text: string, want: unknown) => assert.deepEqual(resolveScalar(text), want, text);
  f('0', 0);
  f('-0', 0);
  f('+12', 12);
  f('-0x10', -16);
  f('08', 8);
  f('0b2', '0b2');
  f('1__0', 10);
  f('_1', '_1');
  f('-', '-');
  f('+', '+');
  f('.', '.');
  f('1.', 1);
  f('1e400', '1e400');
  f('18446744073709551616', 2 ** 64);
  f('0x10000000000000000', '0x10000000000000000');
  f('2001-1-2', new Date(Date.UTC(2001, 0, 2)));
  f('2001-01-02T03:04:05.5+01:00', new Date(Date.UTC(2001, 0, 2, 2, 4, 5, 500)));
  f('2001-01-02 03:04:05', new Date(Date.UTC(2001, 0, 2, 3, 4, 5)));
  f('2001-02-30', '2001-02-30');
  f('2001-01-02T03:04:05', '2001-01-02T03:04:05');
  f('e3', 'e3');
  f('True', true);
  f('tRue', 'tRue');
  f('NULL', null);
  f('18446744073709551615', 18446744073709551615n);
  f('5s', '5s');
});
