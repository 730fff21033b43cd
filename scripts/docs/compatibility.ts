import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Factory } from '../../component/factory.ts';
import { type AnySchema, schemasAt } from '../../config/schema/shape.ts';
import { type RegistryEntry, registry } from '../../gateway/components.ts';
import { sectionOf } from '../../gateway/config/sections.ts';
import { casesIn, readRecorded } from '../../integration/drop-in/lib/corpus.ts';
import { defaultsFolder } from '../../integration/drop-in/lib/defaults.ts';
import { scenariosIn } from '../../integration/drop-in/lib/scenario.ts';
import { oddCases } from '../../integration/drop-in/odd/cases.ts';
import { realConfigs } from '../../integration/drop-in/real-world/configs.ts';
import { limits, missing } from '../../integration/drop-in/real-world/missing.ts';
import { differencesOf } from './differences.ts';
import { keyRows } from './keys.ts';
import { pageName, table } from './page.ts';

const root = join(import.meta.dirname, '../..');

/** What was recorded of the two programs, by `kind-type`. */
interface Records {
  /** Verdicts: those with a recorded answer of the peer, and those without. */
  readonly verdicts: ReadonlyMap<string, { same: number; alone: number }>;
  readonly behaviours: ReadonlyMap<string, number>;
  /** What the peer prints of the component's configuration. */
  readonly printed: Readonly<Record<string, unknown>>;
  /** Defaults that are others here, on purpose. */
  readonly defaults: Readonly<Record<string, readonly string[]>>;
}

function readRecords(): Records {
  const recorded = readRecorded();
  const verdicts = new Map<string, { same: number; alone: number }>();
  for (const { name, component } of casesIn([])) {
    const count = verdicts.get(component) ?? { same: 0, alone: 0 };
    verdicts.set(component, count);
    if (recorded[name] === undefined) count.alone += 1;
    else count.same += 1;
  }
  const behaviours = new Map<string, number>();
  const count = (component: string) =>
    behaviours.set(component, (behaviours.get(component) ?? 0) + 1);
  for (const scenario of scenariosIn([])) count(scenario.component);
  const cluster = join(root, 'integration/k8s/behaviour');
  for (const _ of scenariosIn([cluster])) count('processor-k8s_attributes');
  const read = (file: string) => JSON.parse(readFileSync(join(defaultsFolder, file), 'utf8'));
  return {
    verdicts,
    behaviours,
    printed: read('recorded.json') as Record<string, unknown>,
    defaults: read('differences.json') as Record<string, readonly string[]>,
  };
}

/** Paths of the keys of a printed configuration; list items are all one. */
function pathsOf(value: unknown, path: readonly string[], found: Map<string, readonly string[]>) {
  if (Array.isArray(value)) for (const item of value) pathsOf(item, [...path, '0'], found);
  else if (typeof value === 'object' && value !== null) {
    for (const [key, inner] of Object.entries(value)) {
      const full = [...path, key];
      found.set(full.join('::'), full);
      pathsOf(inner, full, found);
    }
  }
  return found;
}

/** `24 of 24`: keys that the Go component prints, and those of them that are known here. */
function keysText(printed: unknown, schema: AnySchema): string {
  if (printed === undefined) return '';
  const paths = [...pathsOf(printed, [], new Map()).values()];
  // `enabled` of a section is no key of its schema.
  const isKnown = (path: readonly string[]) =>
    schemasAt(schema, path.at(-1) === 'enabled' ? path.slice(0, -1) : path).length > 0;
  const known = paths.filter(isKnown);
  return `${known.length} of ${paths.length}`;
}

/** Names in the folders of cases: any of a component's types. */
function namesOf(factory: Factory<unknown>): string[] {
  return [factory.type, ...(factory.aliases ?? [])].map((type) => `${factory.kind}-${type}`);
}

function stabilityText(factory: Factory<unknown>): string {
  if (factory.kind === 'extension') return '';
  if (factory.kind === 'connector') {
    return factory.pairs.map(([from, to]) => `${from} to ${to}`).join(', ');
  }
  const levels = Object.entries(factory.stability);
  const all = new Set(levels.map(([, level]) => level));
  if (all.size === 1) return `${[...all][0]}: ${levels.map(([signal]) => signal).join(', ')}`;
  return levels.map(([signal, level]) => `${signal} ${level}`).join(', ');
}

function rowOf(factory: Factory<unknown>, records: Records): string[] {
  const names = namesOf(factory);
  const old = [factory.type, ...(factory.aliases ?? [])].map(
    (type) => `${sectionOf[factory.kind]}/${type}`,
  );
  const printed = old.map((name) => records.printed[name]).find((one) => one !== undefined);
  const verdicts = names
    .map((name) => records.verdicts.get(name))
    .filter((one) => one !== undefined);
  const sum = (key: 'same' | 'alone') => verdicts.reduce((all, one) => all + one[key], 0);
  const behaviours = names.reduce((all, name) => all + (records.behaviours.get(name) ?? 0), 0);
  const changed = old.flatMap((name) => records.defaults[name] ?? []).length;
  const link = `[\`${factory.type}\`](components/${pageName(factory)})`;
  return [
    `${factory.kind} ${link}`,
    stabilityText(factory),
    keysText(printed, factory.config),
    String(keyRows(factory.config).length),
    sum('same') + sum('alone') === 0
      ? ''
      : `${sum('same')}${sum('alone') > 0 ? ` + ${sum('alone')}` : ''}`,
    behaviours === 0 ? '' : String(behaviours),
    changed === 0 ? '' : String(changed),
  ];
}

/** Keys that are accepted and change nothing, with the reason. */
function unusedOf(factory: Factory<unknown>): string[] {
  return keyRows(factory.config).flatMap(({ path, unused }) =>
    unused === '' ? [] : [`\`${path}\`: ${unused}`],
  );
}

function readmeOf({ kind, type }: Factory<unknown>): string {
  const file = join(root, sectionOf[kind], type, 'README.md');
  return existsSync(file) ? readFileSync(file, 'utf8') : '';
}

/** What differs of one component, as a section; '' = nothing is known to. */
function sectionText(factory: Factory<unknown>, records: Records): string {
  const names = [factory.type, ...(factory.aliases ?? [])];
  const defaults = names.flatMap(
    (type) => records.defaults[`${sectionOf[factory.kind]}/${type}`] ?? [],
  );
  const parts: string[] = [];
  const said = differencesOf(readmeOf(factory));
  if (said !== '') parts.push(said);
  const unused = unusedOf(factory);
  if (unused.length > 0) {
    const many =
      unused.length > 12 ? [...unused.slice(0, 12), `${unused.length - 12} more`] : unused;
    parts.push(`Accepted without effect, with a line in the log: ${many.join('; ')}.`);
  }
  if (defaults.length > 0) {
    const list = defaults.map((text) => `- \`${text.replaceAll('`', "'")}\``).join('\n');
    parts.push(`Defaults as \`print-config\` shows them:\n\n${list}`);
  }
  if (parts.length === 0) return '';
  return `### ${factory.kind} \`${factory.type}\`\n\n${parts.join('\n\n')}`;
}

function totals(records: Records): string {
  const all = [...records.verdicts.values()];
  const same = all.reduce((count, one) => count + one.same, 0);
  const alone = all.reduce((count, one) => count + one.alone, 0);
  const odd = oddCases();
  const differ = odd.filter((one) => one.differs !== undefined);
  const scenes = [...records.behaviours.values()].reduce((count, one) => count + one, 0);
  const started = realConfigs().filter(({ rejects }) => rejects === '').length;
  const lines = [
    `- ${same} configurations of components and of the service have the same verdict, for the same key; ` +
      `${alone} more are of components that the Go collector of the comparison has not.`,
    `- ${odd.length - differ.length} of ${odd.length} odd configurations have the same verdict, for the same key.` +
      differ.map(({ name, differs }) => ` Not: ${name} (${differs}).`).join(''),
    `- ${scenes} scenarios of data have the same output, field by field.`,
    `- ${started} configurations of Helm charts, distributions and the operator do the same, without what is missing.`,
  ];
  return lines.join('\n');
}

/** The page on compatibility, as Markdown. */
export async function compatibilityPage(
  entries: readonly RegistryEntry[] = registry,
): Promise<string> {
  const records = readRecords();
  const loaded = await Promise.all(entries.map(async (one) => (await one.load()).factory));
  const factories = loaded.toSorted((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1));
  const header = [
    ...['Component', 'Signals', 'Keys of the Go component', 'Keys here'],
    ...['Verdicts', 'Scenarios', 'Defaults'],
  ];
  const parts = [
    '# Compatibility with the Go collector 0.155',
    'Written by `npm run docs` from what `integration/drop-in` recorded of both programs; its tests hold every ' +
      'figure: a configuration or scenario that comes out differently fails them. To run both programs again: ' +
      '`node integration/drop-in/verdicts.ts`, `behaviour.ts`, `odd/odd.ts`, `real-world/real-world.ts`, ' +
      '`defaults.ts` ([how](../integration/drop-in/README.md)).',
    totals(records),
    '## Components',
    'Keys of the Go component: those that its `print-config` shows with the least configuration and that are known ' +
      'here. Verdicts: configurations with the same verdict for the same key, + those without a Go component to ' +
      'compare with. Scenarios: the same data through both. Defaults: those that are others, listed below.',
    table(
      header,
      factories.map((factory) => rowOf(factory, records)),
    ),
    '## What differs',
    "From the components' READMEs.",
    ...factories.map((factory) => sectionText(factory, records)).filter(Boolean),
    '## What is missing',
    'Components that the configurations of `integration/drop-in/real-world` use and this program has not:',
    Object.entries(missing)
      .map(([name, why]) => `- \`${name}\`: ${why}`)
      .join('\n'),
    `And what else they are refused for:\n\n${limitsText()}`,
  ];
  return `${parts.join('\n\n')}\n`;
}

const nameOf = ({ kind, type }: Factory<unknown>) => `${orderOf.indexOf(kind)}${type}`;
const orderOf = ['receiver', 'processor', 'exporter', 'connector', 'extension'];

function limitsText(): string {
  const lines = Object.entries(limits).flatMap(([name, { says }]) =>
    says.map((text) => `- ${name}: ${text}`),
  );
  return lines.join('\n');
}
