import assert from 'node:assert/strict';
import { dirname } from 'node:path';
import test from 'node:test';
import { tidy, tidyFiles } from './tidy.ts';

test('the checkout is tidy', () => {
  assert.deepEqual(tidy(dirname(import.meta.dirname)), []);
});

function faults(...files: [path: string, text: string][]): string[] {
  const sources = files.map(([path, text]) => ({ path, text }));
  return tidyFiles(sources, (path) => sources.some((s) => s.path === path));
}

/** A file that imports `paths`, from a place that may import anything. */
const user = (...paths: string[]): [string, string] => [
  'scripts/user.ts',
  paths.map((path) => `import '../${path}';`).join('\n'),
];

test('long lines and files', () => {
  const wide = `const a = [${'1, '.repeat(40)}1];\n`;
  assert.deepEqual(faults(['scripts/a.ts', wide]), [
    'scripts/a.ts:1: 134 columns, the limit is 100',
  ]);
  assert.deepEqual(faults(['scripts/a.ts', `f('${'x'.repeat(120)}');\n`]), []);
  assert.deepEqual(faults(['scripts/a.ts', '\n'.repeat(501)]), [
    'scripts/a.ts: 501 lines, the limit is 500',
  ]);
});

test('words', () => {
  const path = ['', 'work', 'main'].join('/');
  assert.deepEqual(faults(['README.md', `see ${path}`]), [
    `README.md:1: a path of one machine: ${path.slice(0, 6)}`,
  ]);
});

test('direction of imports', () => {
  const f = (from: string, to: string, want: string[]) => {
    const up = '../'.repeat(from.split('/').length - 1);
    const rest = [user(from), [to, '']] as [string, string][];
    const found = faults([from, `import '${up}${to}';`], ...rest);
    assert.deepEqual(
      found.filter((fault) => /import/.test(fault)),
      want,
    );
  };
  f('wire/a.ts', 'pdata/b.ts', []);
  f('native/a.ts', 'wire/clickhouse/b.ts', []);
  f('pdata/a.ts', 'wire/b.ts', ['pdata/a.ts: imports against the direction: wire/b.ts']);
  f('native/a.ts', 'wire/grpc/b.ts', [
    'native/a.ts: imports against the direction: wire/grpc/b.ts',
  ]);
  f('wire/a.test.ts', 'wire/testing/b.ts', []);
  f('bench/a.ts', 'wire/testing/b.ts', []);
  f('wire/a.ts', 'wire/testing/b.ts', [
    'wire/a.ts: the program imports wire/testing/b.ts, which is for tests',
  ]);
  f('gateway/a.ts', 'testing/b.ts', [
    'gateway/a.ts: the program imports testing/b.ts, which is for tests',
  ]);
  f('pipeline/a.ts', 'component/b.ts', []);
  f('pdata/a.ts', 'component/b.ts', ['pdata/a.ts: imports against the direction: component/b.ts']);
  f('query/a.ts', 'gateway/b.ts', ['query/a.ts: imports against the direction: gateway/b.ts']);
  f('exporters/x/a.ts', 'exporters/x/b.ts', []);
  f('exporters/x/a.ts', 'exporters/y/b.ts', [
    'exporters/x/a.ts: components never import each other, this one imports exporters/y/b.ts',
  ]);
  f('gateway/a.ts', 'exporters/y/b.ts', []);
  f('gateway/a.ts', 'bench/b.ts', ['gateway/a.ts: the program imports bench/b.ts']);
  f('ui/src/a.ts', 'query/web/contract/b.ts', []);
  f('ui/src/a.ts', 'query/b.ts', [
    'ui/src/a.ts: the page imports the types of its API only, not query/b.ts',
  ]);
});

test('files that nobody imports', () => {
  assert.deepEqual(faults(['pdata/a.ts', '']), ['pdata/a.ts: nothing imports it']);
  assert.deepEqual(faults(['pdata/a.ts', ''], user('pdata/a.ts')), []);
  const run = "new URL('./a.ts', import.meta.url)";
  assert.deepEqual(faults(['pdata/a.ts', ''], ['pdata/b.test.ts', run]), []);
});

test('files that the npm package lacks', () => {
  const program: [string, string][] = [
    ['gateway/main.ts', "import '../ottl/a.ts';\nimport type { B } from '../query/b.ts';"],
    ['ottl/a.ts', "new Worker(new URL('./worker.ts', import.meta.url));"],
    ['ottl/worker.ts', ''],
    ['query/b.ts', 'export type B = 1;'],
  ];
  const pack = (...names: string[]) =>
    faults(...program, ['package.json', JSON.stringify({ files: names })]);
  assert.deepEqual(pack('gateway', 'ottl', '!**/*.test.ts'), []);
  const lacking = ['package.json: files lacks ottl, which the program needs'];
  assert.deepEqual(pack('gateway'), lacking);
  assert.deepEqual(pack('gateway', 'ottl', '!ottl/worker.ts'), lacking);
});

test('circles of imports, unless they are of types', () => {
  const circle = (first: string): string[] =>
    faults(
      ['pdata/a.ts', first],
      ['pdata/b.ts', "import { c } from './c.ts';"],
      ['pdata/c.ts', "export { a } from './a.ts';"],
    );
  assert.deepEqual(circle("import {\n  b,\n} from './b.ts';"), [
    'pdata/a.ts, pdata/b.ts, pdata/c.ts: import each other',
  ]);
  assert.deepEqual(circle("import type {\n  B,\n} from './b.ts';"), []);
  assert.deepEqual(circle("const b = await import('./b.ts');"), []);
});

test('state of modules', () => {
  const f = (text: string): string[] => faults(user('pdata/a.ts'), ['pdata/a.ts', text]);
  assert.deepEqual(f('let a = 1;'), ['pdata/a.ts: changes at its top level: let a = 1;']);
  assert.deepEqual(f('export const a = new Map<string, string>();'), [
    'pdata/a.ts: changes at its top level: export const a = new Map<string, string>();',
  ]);
  assert.deepEqual(f('const none: ReadonlyMap<string, string> = new Map();'), []);
  assert.deepEqual(f('function f() {\n  let a = 1;\n  const b = new Set();\n}'), []);
});

test('exceptions hold while they are needed', () => {
  const files = [
    { path: 'scripts/user.ts', text: "import '../pdata/a.ts';" },
    { path: 'pdata/a.ts', text: 'let a = 1;' },
  ];
  const check = (path: string) =>
    tidyFiles(files, () => true, { cycles: [], state: [{ files: [path], why: 'a test' }] });
  assert.deepEqual(check('pdata/a.ts'), []);
  assert.deepEqual(check('pdata/gone.ts'), [
    'pdata/a.ts: changes at its top level: let a = 1;',
    'scripts/tidy/exceptions.ts: pdata/gone.ts: needs no exception',
  ]);
});

test('component folders and links', () => {
  assert.deepEqual(faults(['exporters/x/a.ts', ''], user('exporters/x/a.ts')), [
    'exporters/x: has no index.ts',
    'exporters/x: has no README.md',
    'exporters/x: has no test',
  ]);
  assert.deepEqual(faults(['docs/a.md', '[x](b.md) [y](https://a.b) [z](#c)'], ['docs/c.md', '']), [
    'docs/a.md: the link to b.md leads nowhere',
  ]);
});
