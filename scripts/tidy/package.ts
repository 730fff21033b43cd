import type { SourceFile } from './files.ts';
import { neededBy } from './imports.ts';

/** What an installed package is started through. */
const starts = ['bin/wirestitch', 'gateway/main.ts', 'gateway/components.ts', 'scripts/launch.mjs'];

/** Every file that the program needs where it runs is in the npm package. */
export function checkPackage(files: readonly SourceFile[]): string[] {
  const manifest = files.find(({ path }) => path === 'package.json');
  if (manifest === undefined) return [];
  const { files: patterns = [] } = JSON.parse(manifest.text) as { files?: string[] };
  const folders = new Set([...needed(files)].filter((path) => !isPacked(path, patterns)).map(top));
  return Array.from(
    folders,
    (name) => `package.json: files lacks ${name}, which the program needs`,
  );
}

function needed(files: readonly SourceFile[]): Set<string> {
  const byPath = new Map(files.map((file) => [file.path, file]));
  const found = new Set<string>();
  const open = [...starts];
  for (let path = open.pop(); path !== undefined; path = open.pop()) {
    const file = byPath.get(path);
    if (file === undefined || found.has(path)) continue;
    found.add(path);
    open.push(...neededBy(file).map(({ to }) => to));
  }
  return found;
}

/** What a fault names: the folder at the top, or the file itself where that is listed in part. */
function top(path: string): string {
  return path.split('/', 1)[0]!;
}

/** Whether npm packs a file: the part of its patterns that package.json uses. */
function isPacked(path: string, patterns: readonly string[]): boolean {
  const within = (folder: string): boolean => path === folder || path.startsWith(`${folder}/`);
  const isTaken = patterns.some((pattern) => !pattern.startsWith('!') && within(pattern));
  const isLeftOut = patterns
    .filter((pattern) => pattern.startsWith('!'))
    .some((pattern) => {
      const rest = pattern.slice(1);
      if (!rest.startsWith('**/')) return within(rest);
      const name = rest.slice(3);
      if (name.startsWith('*')) return path.endsWith(name.slice(1));
      return path.split('/').includes(name);
    });
  return isTaken && !isLeftOut;
}
