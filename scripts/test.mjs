// npm test: set-up, type check, formatter and linter, tidy, then every test file.
//   npm test [-- FILE...]   runs only these test files
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { allowedSkips } from './allowed-skips.mjs';
import {
  installGoClients,
  installKafkaBroker,
  installPrometheus,
  installPythonClients,
  installSystemPackages,
  nodeBinary,
  root,
  setup,
} from './setup.mjs';
import { testPackages } from './system-packages.mjs';
import { globSync, nodeTestFiles } from './test-files.mjs';

function step(name, command, args) {
  console.error(`wirestitch: ${name}`);
  const done = spawnSync(command, args, { cwd: root, stdio: 'inherit' });
  if (done.status !== 0) process.exit(done.status ?? 1);
}

const only = process.argv.slice(2);
if (only.length === 0) installSystemPackages(testPackages);
setup();
if (only.length === 0) {
  installPythonClients();
  installKafkaBroker();
  installPrometheus();
  installGoClients();
}
if (only.length === 0) {
  step('type check', 'node_modules/.bin/tsc', ['--noEmit']);
  step('type check of the page', 'node_modules/.bin/tsc', ['--noEmit', '-p', 'ui']);
  step('formatter and linter', 'node_modules/.bin/biome', [
    'ci',
    '--colors=off',
    '--error-on-warnings',
  ]);
}
const files = only.length === 0 ? nodeTestFiles(root) : only.flatMap((p) => globSync(p, root));
const skipFile = join(root, '.cache/skips.jsonl');
console.error(`wirestitch: ${files.length} test files`);
const run = spawnSync(
  nodeBinary,
  [
    '--disable-warning=ExperimentalWarning',
    '--test',
    '--test-concurrency=2',
    '--test-timeout=600000',
    '--test-reporter=spec',
    '--test-reporter-destination=stdout',
    `--test-reporter=${pathToFileURL(join(root, 'scripts/skip-reporter.mjs'))}`,
    `--test-reporter-destination=${skipFile}`,
    ...files,
  ],
  { cwd: root, stdio: 'inherit' },
);
const forbidden = forbiddenSkips();
for (const { name, file, reason } of forbidden) {
  console.error(`wirestitch: skipped, not on the allow-list: ${name} (${file}): ${reason}`);
}
process.exit(run.status !== 0 ? (run.status ?? 1) : forbidden.length > 0 ? 1 : 0);

function forbiddenSkips() {
  if (process.env.CI !== 'true') return [];
  const lines = readFileSync(skipFile, 'utf8').split('\n').filter(Boolean);
  return lines
    .map((line) => JSON.parse(line))
    .filter(({ reason }) => !allowedSkips.some((allowed) => allowed.reason.test(reason)));
}
