import { dirname, normalize } from 'node:path';
import type { SourceFile } from './files.ts';

const componentFolder = /^((?:receivers|processors|exporters|connectors|extensions)\/[^/]+)\//;

/** Every component folder has index.ts, README.md and a test. */
export function checkFolders(files: readonly SourceFile[]): string[] {
  const folders = new Map<string, string[]>();
  for (const { path } of files) {
    const folder = componentFolder.exec(path)?.[1];
    if (folder === undefined) continue;
    folders.set(folder, [...(folders.get(folder) ?? []), path]);
  }
  const faults: string[] = [];
  for (const [folder, paths] of folders) {
    if (!paths.includes(`${folder}/index.ts`)) faults.push(`${folder}: has no index.ts`);
    if (!paths.includes(`${folder}/README.md`)) faults.push(`${folder}: has no README.md`);
    if (!paths.some((p) => p.endsWith('.test.ts'))) faults.push(`${folder}: has no test`);
  }
  return faults;
}

const link = /\[[^\]]*\]\(([^)\s#]+)(?:#[^)]*)?\)/g;

/** Relative links in documents lead somewhere. @param exists whether a path of the checkout is there */
export function checkLinks(
  files: readonly SourceFile[],
  exists: (path: string) => boolean,
): string[] {
  const faults: string[] = [];
  for (const { path, text } of files) {
    if (!path.endsWith('.md') || path.includes('/testdata/')) continue;
    for (const match of text.matchAll(link)) {
      const target = match[1]!;
      if (/^[a-z]+:/.test(target)) continue;
      if (!exists(normalize(`${dirname(path)}/${target}`))) {
        faults.push(`${path}: the link to ${target} leads nowhere`);
      }
    }
  }
  return faults;
}
