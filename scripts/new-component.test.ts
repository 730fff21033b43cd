import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import test from 'node:test';
import { newComponent } from './new-component.ts';

const root = dirname(import.meta.dirname);
const kinds = ['receiver', 'processor', 'exporter', 'connector', 'extension'];
const shared = ['component', 'config', 'pdata', 'pipeline', 'wire', 'native', 'testing'];

/** A checkout in which new components can be made without touching this one. */
function withCheckout(use: (dir: string) => void): void {
  const dir = mkdtempSync(join(tmpdir(), 'new-component-'));
  try {
    for (const name of [...shared, 'node_modules', 'package.json', 'biome.json']) {
      symlinkSync(join(root, name), join(dir, name));
    }
    mkdirSync(join(dir, 'gateway'));
    symlinkSync(join(root, 'gateway/config'), join(dir, 'gateway/config'));
    cpSync(join(root, 'gateway/components.ts'), join(dir, 'gateway/components.ts'));
    const tsconfig = {
      extends: join(root, 'tsconfig.json'),
      compilerOptions: { types: ['node'], typeRoots: [join(root, 'node_modules/@types')] },
      include: kinds.map((kind) => `${kind}s/**/*.ts`),
    };
    writeFileSync(join(dir, 'tsconfig.json'), JSON.stringify(tsconfig));
    use(dir);
  } finally {
    rmSync(dir, { recursive: true });
  }
}

function run(dir: string, command: string, args: readonly string[]): void {
  const done = spawnSync(command, args, { cwd: dir, encoding: 'utf8' });
  assert.equal(done.status, 0, `${command}: ${done.stdout}${done.stderr}`);
}

test('what it writes type-checks, is in form and passes its tests', () => {
  withCheckout((dir) => {
    const paths = kinds.flatMap((kind) => newComponent(dir, kind, `my_${kind}`));
    const tests = paths.filter((path) => path.endsWith('.test.ts'));
    assert.equal(tests.length, kinds.length);
    const bin = join(root, 'node_modules/.bin');
    run(dir, join(bin, 'tsc'), ['--noEmit']);
    run(dir, process.execPath, ['--disable-warning=ExperimentalWarning', '--test', ...tests]);
    const sources = paths.filter((path) => path.endsWith('.ts') && !path.startsWith('gateway'));
    run(dir, join(bin, 'biome'), ['ci', '--error-on-warnings', ...sources]);
    const registry = readFileSync(join(dir, 'gateway/components.ts'), 'utf8');
    const line = "  entry('processor', 'my_processor', () => ";
    assert.match(registry, new RegExp(`\n${line.replace(/[()]/g, '\\$&')}.*\n {2}// exporters\n`));
  });
});

test('names that cannot be are refused and nothing is written', () => {
  withCheckout((dir) => {
    const f = (kind: string, type: string, message: RegExp) =>
      assert.throws(() => newComponent(dir, kind, type), { message });
    f('sink', 'x', /"sink" is none of receiver, /);
    f('exporter', 'MyType', /"MyType" is no snake_case name/);
    f('exporter', '../x', /is no snake_case name/);
    newComponent(dir, 'exporter', 'twice');
    f('exporter', 'twice', /exporters\/twice is there already/);
    f('exporter', 'nop', /exporter nop is in the registry already/);
  });
});
