// Rules of style that a program can check; `npm run check` and the tests run it.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { cycles, type Exception, except, state } from './tidy/exceptions.ts';
import { readSources, type SourceFile } from './tidy/files.ts';
import { checkFolders, checkLinks } from './tidy/folders.ts';
import { checkForm, checkWords } from './tidy/form.ts';
import { checkDirection, checkUse } from './tidy/imports.ts';
import { findCycles, findState } from './tidy/modules.ts';
import { checkPackage } from './tidy/package.ts';

/** Every fault found in files; each names the file and what is wrong. */
export function tidyFiles(
  files: readonly SourceFile[],
  exists: (path: string) => boolean,
  excepted: { readonly cycles: readonly Exception[]; readonly state: readonly Exception[] } = {
    cycles: [],
    state: [],
  },
): string[] {
  return [
    ...checkForm(files),
    ...checkWords(files),
    ...checkDirection(files),
    ...checkUse(files),
    ...checkPackage(files),
    ...except(findCycles(files), excepted.cycles),
    ...except(findState(files), excepted.state),
    ...checkFolders(files),
    ...checkLinks(files, exists),
  ];
}

/** Every fault found in a checkout. @param root its directory */
export function tidy(root: string): string[] {
  const exists = (path: string): boolean => existsSync(join(root, path));
  return tidyFiles(readSources(root), exists, { cycles, state });
}
