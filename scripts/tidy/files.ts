import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';

/** A text file of the checkout. */
export interface SourceFile {
  /** Path from the root of the checkout, with `/`. */
  readonly path: string;
  readonly text: string;
}

const skippedFolders = new Set(['node_modules', '.git', '.cache', 'dist', 'build', 'data']);
const readEndings = /\.(ts|tsx|mjs|c|h|md|yaml|json|css|html)$/;

/** Every source and document below `root`, in a fixed order. */
export function readSources(root: string): SourceFile[] {
  const found: SourceFile[] = [];
  const walk = (dir: string) => {
    for (const entry of readdirSync(dir, { withFileTypes: true })) {
      if (skippedFolders.has(entry.name)) continue;
      const full = join(dir, entry.name);
      if (entry.isDirectory()) walk(full);
      else if (entry.isFile() && readEndings.test(entry.name)) {
        found.push({ path: relative(root, full), text: readFileSync(full, 'utf8') });
      }
    }
  };
  walk(root);
  return found.sort((a, b) => (a.path < b.path ? -1 : 1));
}

/** Whether a file is data of a test, to which rules of form do not apply. */
export function isTestdata(path: string): boolean {
  return path.includes('/testdata/') || path === 'package-lock.json';
}

/** Whether a file is code. */
export function isCode(path: string): boolean {
  return /\.(ts|tsx|mjs|c|h)$/.test(path) && !isTestdata(path);
}

/** Whether a file runs only in tests. */
export function isTest(path: string): boolean {
  return /\.test\.ts$|(^|\/)testing(\/|\.ts$)/.test(path);
}
