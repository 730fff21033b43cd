// npm run check: type check, formatter and linter, tidy.
import { spawnSync } from 'node:child_process';
import { dirname } from 'node:path';
import { tidy } from './tidy.ts';

const root = dirname(import.meta.dirname);

function runs(name: string, command: string, args: readonly string[]): boolean {
  const done = spawnSync(command, args, { cwd: root, stdio: 'inherit' });
  if (done.error !== undefined) console.error(`cannot run ${command}: ${done.error.message}`);
  if (done.status !== 0) console.error(`check: ${name} failed`);
  return done.status === 0;
}

const results = [
  runs('type check', 'node_modules/.bin/tsc', ['--noEmit']),
  runs('type check of the page', 'node_modules/.bin/tsc', ['--noEmit', '-p', 'ui']),
  runs('formatter and linter', 'node_modules/.bin/biome', ['ci', '--error-on-warnings']),
];
const faults = tidy(root);
for (const fault of faults) console.error(fault);
if (faults.length > 0) console.error(`check: tidy found ${faults.length} faults`);
process.exitCode = faults.length === 0 && results.every(Boolean) ? 0 : 1;
