// npm test: set-up, type check, formatter and linter, tidy, then every test file.
//   npm test [-- FILE...]   runs only these test files
import { spawnSync } from 'node:child_process';
import { installPythonSdk, installSystemPackages, nodeBinary, root, setup } from './setup.mjs';
import { globSync, nodeTestFiles } from './test-files.mjs';

const systemPackages = {
  cc: 'gcc',
  tshark: 'tshark',
  tcpdump: 'tcpdump',
  nginx: 'nginx-light',
  dnsmasq: 'dnsmasq-base',
  dig: 'dnsutils',
  curl: 'curl',
  ip: 'iproute2',
  strace: 'strace',
};

function step(name, command, args) {
  console.error(`wirestitch: ${name}`);
  const done = spawnSync(command, args, { cwd: root, stdio: 'inherit' });
  if (done.status !== 0) process.exit(done.status ?? 1);
}

const only = process.argv.slice(2);
if (only.length === 0) installSystemPackages(systemPackages);
setup();
if (only.length === 0) installPythonSdk();
if (only.length === 0) {
  step('type check', 'node_modules/.bin/tsc', ['--noEmit']);
  step('formatter and linter', 'node_modules/.bin/biome', ['ci', '--error-on-warnings']);
}
const files = only.length === 0 ? nodeTestFiles(root) : only.flatMap((p) => globSync(p, root));
step(`${files.length} test files`, nodeBinary, [
  '--disable-warning=ExperimentalWarning',
  '--test',
  '--test-concurrency=2',
  '--test-timeout=600000',
  '--test-reporter=spec',
  ...files,
]);
