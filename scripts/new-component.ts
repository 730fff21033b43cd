// npm run new-component -- processor my_type: the folder of a new component and its registry line.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Kind } from '../component/factory.ts';
import { addToRegistry } from './new-component/registry-line.ts';
import { templates } from './new-component/templates.ts';

const kinds: readonly Kind[] = ['receiver', 'processor', 'exporter', 'connector', 'extension'];

/**
 * Writes the files of a new component below `root`.
 * @param type its YAML type, which is also the folder's name: snake_case
 * @returns paths written, from `root`
 * @throws Error when the names are wrong or the component is there already
 */
export function newComponent(root: string, kind: string, type: string): string[] {
  if (!isKind(kind)) throw new Error(`${JSON.stringify(kind)} is none of ${kinds.join(', ')}`);
  if (!/^[a-z][a-z0-9]*(_[a-z0-9]+)*$/.test(type) || type.length > 63) {
    throw new Error(`${JSON.stringify(type)} is no snake_case name of at most 63 letters`);
  }
  const folder = join(root, `${kind}s`, type);
  if (existsSync(folder)) throw new Error(`${kind}s/${type} is there already`);
  const registry = join(root, 'gateway/components.ts');
  const text = addToRegistry(readFileSync(registry, 'utf8'), kind, type);
  mkdirSync(folder, { recursive: true });
  const files = templates(kind, type);
  for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), content);
  writeFileSync(registry, text);
  return [...Object.keys(files).map((name) => `${kind}s/${type}/${name}`), 'gateway/components.ts'];
}

function isKind(text: string): text is Kind {
  return (kinds as readonly string[]).includes(text);
}

if (import.meta.main) {
  const [kind, type, ...rest] = process.argv.slice(2);
  if (kind === undefined || type === undefined || rest.length > 0) {
    console.error(`usage: npm run new-component -- ${kinds.join('|')} TYPE`);
    process.exit(1);
  }
  try {
    for (const path of newComponent(dirname(import.meta.dirname), kind, type)) console.log(path);
  } catch (error) {
    console.error(`Error: ${error instanceof Error ? error.message : String(error)}`);
    process.exit(1);
  }
}
