// Runs a TypeScript file of this checkout under the project's own Node with V8's flags set.
//   node scripts/launch.mjs FILE [ARGS...]
// Why these flags: docs/decisions/v8-flags.md.
import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { nodeBinary, root, setup } from './setup.mjs';

const v8Flags = [
  '--external-memory-accounted-in-global-limit',
  '--initial-old-space-size=64',
  '--max-semi-space-size=8',
  '--no-memory-reducer',
];

/**
 * Starts `file` and ends this process with its exit code. Signals are passed on, also those that
 * the whole group gets: gateway/cli/stop-signals.ts knows one that came twice.
 * @param {string} file path below the checkout
 * @param {string[]} args
 */
export function launch(file, args) {
  const flags = process.env.WIRESTITCH_V8_FLAGS?.split(' ').filter(Boolean) ?? v8Flags;
  const child = spawn(
    nodeBinary,
    [...flags, '--disable-warning=ExperimentalWarning', join(root, file), ...args],
    {
      stdio: 'inherit',
      env: { NODE_COMPILE_CACHE: join(root, '.cache/compile'), ...process.env },
    },
  );
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP']) {
    process.on(signal, () => child.kill(signal));
  }
  child.on('error', (error) => {
    console.error(`wirestitch: cannot start ${nodeBinary}: ${error.message}`);
    process.exit(1);
  });
  child.on('exit', (code, signal) => {
    process.exit(signal === null ? (code ?? 1) : 128 + (constants.signals[signal] ?? 0));
  });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [file, ...args] = process.argv.slice(2);
  if (file === undefined) {
    console.error('usage: node scripts/launch.mjs FILE [ARGS...]');
    process.exit(2);
  }
  setup();
  launch(file, args);
}
