// Finds test files without a dependency: *.test.ts below the checkout, fixed order.
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

const skipped = new Set(['node_modules', '.git', '.cache', 'dist', 'build', 'data']);

function* walk(dir) {
  for (const entry of readdirSync(dir, { withFileTypes: true })) {
    if (skipped.has(entry.name)) continue;
    const path = join(dir, entry.name);
    if (entry.isDirectory()) yield* walk(path);
    else if (entry.name.endsWith('.test.ts')) yield path;
  }
}

/** Every test file below `root`; those that start real processes come last. */
export function nodeTestFiles(root) {
  const late = (path) => (path.startsWith(join(root, 'integration')) ? 1 : 0);
  return [...walk(root)].sort((a, b) => late(a) - late(b) || (a < b ? -1 : 1));
}

/** The test files that a file or folder argument stands for. */
export function globSync(path, root) {
  const full = join(root, path);
  if (!existsSync(full)) throw new Error(`cannot find ${path}`);
  return statSync(full).isDirectory() ? nodeTestFiles(full) : [full];
}
