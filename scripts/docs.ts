// npm run docs: writes docs/components/ from the components: keys, defaults, metrics, examples.
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type RegistryEntry, registry } from '../gateway/components.ts';
import { sectionOf } from '../gateway/config/sections.ts';
import { compatibilityPage } from './docs/compatibility.ts';
import { examplesOf } from './docs/examples.ts';
import { componentPage, type Documented, indexPage, pageName } from './docs/page.ts';

const root = join(import.meta.dirname, '..');
/** Folder of the pages. */
export const docsFolder = join(root, 'docs/components');

/** The page that compares with the Go collector. */
export const compatibilityFile = join(root, 'docs/compatibility.md');

/** Components with the examples of their READMEs. */
export async function documented(entries: readonly RegistryEntry[]): Promise<Documented[]> {
  return Promise.all(
    entries.map(async ({ kind, type, load }) => {
      const readme = join(root, sectionOf[kind], type, 'README.md');
      const examples = existsSync(readme) ? examplesOf(readFileSync(readme, 'utf8')) : [];
      return { factory: (await load()).factory, examples };
    }),
  );
}

/** Every page by its name. */
export async function docPages(entries: readonly RegistryEntry[]): Promise<Map<string, string>> {
  const components = await documented(entries);
  const pages = components.map((one) => [pageName(one.factory), componentPage(one)] as const);
  return new Map([['README.md', indexPage(components)], ...pages]);
}

if (import.meta.main) {
  const pages = await docPages(registry);
  mkdirSync(docsFolder, { recursive: true });
  for (const name of readdirSync(docsFolder)) if (!pages.has(name)) rmSync(join(docsFolder, name));
  for (const [name, text] of pages) writeFileSync(join(docsFolder, name), text);
  writeFileSync(compatibilityFile, await compatibilityPage());
  console.log(`${pages.size} pages in docs/components`);
}
