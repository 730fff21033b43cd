// Finds test files without a dependency: *.test.ts below the checkout, fixed order.
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';

const skipped = new Set(['node_modules', '.git', '.cache', 'dist', 'build', 'data']);

function* walk(dir) {
  for (const entry of readdirSync(dir, { withFileTypes: true })) {
    if (skipped.has(entry.name)) continue;
    const path = join(dir, entry.name);
    if (entry.isDirectory()) yield* walk(path);
    else if (entry.name.endsWith('.test.ts')) yield path;
  }
}

/** Tests of live capture: what they find depends on the time that other programs leave them. */
const live = /^integration\/(ebpf-|packet-live|tags-live|zero-code)/;

/** 0: tests inside one process, 1: tests of real processes, 2: live capture. */
function rank(path, root) {
  const name = relative(root, path);
  if (!name.startsWith('integration/')) return 0;
  return live.test(name) ? 2 : 1;
}

/** Every test file below `root`; real processes come late, live capture last. */
export function nodeTestFiles(root) {
  return [...walk(root)].sort((a, b) => rank(a, root) - rank(b, root) || (a < b ? -1 : 1));
}

/** The test files that a file or folder argument stands for. */
export function globSync(path, root) {
  const full = join(root, path);
  if (!existsSync(full)) throw new Error(`cannot find ${path}`);
  return statSync(full).isDirectory() ? nodeTestFiles(full) : [full];
}
