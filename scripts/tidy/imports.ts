import { dirname, normalize } from 'node:path';
import { isCode, isTest, type SourceFile } from './files.ts';

const base = ['pdata', 'wire', 'native', 'config/schema'];
/** What addons need of the formats that they write. */
const nativeFormats = ['wire/clickhouse', 'wire/clickhouse-compress'];
const kinds = ['receivers', 'processors', 'exporters', 'connectors', 'extensions'];
const component = [...base, 'component', 'pipeline', 'config'];
const logic = ['ottl', 'storage', 'stitch', 'agent', 'query', 'expr', 'stanza'];
const free = ['gateway', 'testing', 'integration', 'bench', 'scripts', 'ui'];

/** What each layer may import beside itself (docs/architecture.md draws it). */
const layers: Readonly<Record<string, readonly string[]>> = {
  pdata: ['native'],
  wire: ['pdata'],
  native: nativeFormats,
  config: [...base, 'component'],
  component: base,
  pipeline: [...base, 'component', 'config'],
  storage: [...base, 'component'],
  ottl: ['pdata', 'wire'],
  expr: ['pdata'],
  stanza: [...base, 'component', 'config', 'expr'],
  stitch: base,
  agent: base,
  query: [...base, 'storage', 'stitch'],
  ...Object.fromEntries(kinds.map((kind) => [kind, [...component, ...logic]])),
};

/** An import of one file of the checkout by another. */
export interface Import {
  readonly from: string;
  readonly to: string;
}

const importPattern = /(?:from|import)\s*\(?\s*['"](\.{1,2}\/[^'"]+)['"]/g;
const loadingPattern = /(?:from|^import)\s*['"](\.{1,2}\/[^'"]+)['"]/gm;
// Also files that are named to be run: new URL('./worker.ts', import.meta.url).
const mentionPattern = /['"`]((?:\.{1,2}\/)?[\w./-]+\.(?:ts|mjs))['"`]/g;

/** Imports between files of the checkout. */
function importsOf(files: readonly SourceFile[]): Import[] {
  return files.filter((f) => isCode(f.path)).flatMap((f) => matches(f, importPattern));
}

function matches(file: SourceFile, pattern: RegExp): Import[] {
  return [...file.text.matchAll(pattern)].map((match) => ({
    from: file.path,
    to: normalize(`${dirname(file.path)}/${match[1]}`),
  }));
}

/** A file without its imports of types: with what is there where it runs. */
const running = (file: SourceFile): SourceFile => ({
  ...file,
  text: file.text.replace(typeImport, ''),
});

const typeImport = /\b(?:import|export) type [^;'"]*from\s*['"][^'"]*['"]/g;

/** What a file needs where it runs: imports of values, and files that it names. */
export function neededBy(file: SourceFile): Import[] {
  if (!isCode(file.path)) return [];
  const values = running(file);
  return [...matches(values, importPattern), ...mentionsIn(values)];
}

/** Files that are loaded with a file: imports of values at its top. */
export function importedBy(file: SourceFile): string[] {
  if (!/\.tsx?$/.test(file.path) || !isCode(file.path)) return [];
  return matches(running(file), loadingPattern).map(({ to }) => to);
}

/** Files that a text names, from its own folder or from the root of the checkout. */
function mentionsIn(file: SourceFile): Import[] {
  const fromRoot = Array.from(file.text.matchAll(mentionPattern), (match) => normalize(match[1]!));
  const near = matches(file, mentionPattern);
  return [...near, ...fromRoot.map((to) => ({ from: file.path, to }))];
}

/** What drives the program from outside. */
export const ofTests = /^(bench|integration|scripts)\//;

/** Imports run one way, and components never import each other. */
export function checkDirection(files: readonly SourceFile[]): string[] {
  const faults: string[] = [];
  for (const { from, to } of importsOf(files)) {
    if (isTest(from)) continue;
    if (isTest(to) && !ofTests.test(from)) {
      faults.push(`${from}: the program imports ${to}, which is for tests`);
      continue;
    }
    const [layer, folder] = from.split('/') as [string, string];
    const [target, targetFolder] = to.split('/') as [string, string];
    if (free.includes(layer)) {
      if (layer === 'ui' && target !== 'ui' && !to.startsWith('query/web/contract/')) {
        faults.push(`${from}: the page imports the types of its API only, not ${to}`);
      }
      if (layer === 'gateway' && ['integration', 'bench', 'scripts'].includes(target)) {
        faults.push(`${from}: the program imports ${to}`);
      }
      continue;
    }
    if (kinds.includes(layer) && kinds.includes(target)) {
      if (layer !== target || folder !== targetFolder) {
        faults.push(`${from}: components never import each other, this one imports ${to}`);
      }
    } else if (layer !== target && !mayImport(layer, to)) {
      faults.push(`${from}: imports against the direction: ${to}`);
    }
  }
  return faults;
}

function mayImport(layer: string, to: string): boolean {
  return (layers[layer] ?? []).some((allowed) => to.startsWith(`${allowed}/`));
}

/** Files that start something by themselves: run by people, by package.json or by a launcher. */
const entryPoint = /^(bench|integration|scripts|ui)\/|\.test\.ts$|^gateway\/main\.ts$|\.mjs$/;

/** No file that nobody imports. */
export function checkUse(files: readonly SourceFile[]): string[] {
  const used = new Set<string>();
  for (const file of files) {
    for (const { from, to } of matches(file, importPattern)) if (from !== to) used.add(to);
    for (const { to } of mentionsIn(file)) if (to !== file.path) used.add(to);
  }
  return files
    .filter(({ path }) => isCode(path) && /\.tsx?$/.test(path))
    .filter(({ path }) => !entryPoint.test(path) && !used.has(path))
    .map(({ path }) => `${path}: nothing imports it`);
}
