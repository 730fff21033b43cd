import type { Factory, Kind } from '../../component/factory.ts';
import { signals } from '../../component/signals.ts';
import { sectionOf } from '../../gateway/config/sections.ts';
import { type KeyRow, keyRows } from './keys.ts';

/** A component with the examples of its README. */
export interface Documented {
  readonly factory: Factory<unknown>;
  readonly examples: readonly string[];
}

/** Name of a component's page. */
export function pageName({ kind, type }: Pick<Factory<unknown>, 'kind' | 'type'>): string {
  return `${kind}-${type}.md`;
}

/** The page of a component, as Markdown. */
export function componentPage({ factory, examples }: Documented): string {
  const section = sectionOf[factory.kind];
  const parts = [
    `# ${capital(factory.kind)} \`${factory.type}\``,
    factory.description,
    stabilityText(factory),
    `More on it: [${section}/${factory.type}](../../${section}/${factory.type}/README.md).`,
    ...examples.map((text) => `\`\`\`yaml\n${text.trimEnd()}\n\`\`\``),
    '## Keys',
    keysText(keyRows(factory.config)),
  ];
  if (factory.metrics !== undefined && factory.metrics.length > 0) {
    parts.push('## Metrics', metricsText(factory.metrics));
  }
  parts.push('Written by `npm run docs` from the component itself.');
  return `${parts.filter(Boolean).join('\n\n')}\n`;
}

function capital(word: string): string {
  return word.charAt(0).toUpperCase() + word.slice(1);
}

function stabilityText(factory: Factory<unknown>): string {
  const lines: string[] = [];
  const aliases = (factory.aliases ?? []).map((alias) => `\`${alias}\``);
  if (aliases.length > 0) lines.push(`Older names that are taken, too: ${aliases.join(', ')}.`);
  if (factory.kind === 'connector') {
    const pairs = factory.pairs.map(([from, to]) => `${from} to ${to}`);
    lines.push(`Takes and gives: ${pairs.join(', ')}.`);
  } else if (factory.kind !== 'extension') {
    const levels = signals.filter((signal) => factory.stability[signal] !== undefined);
    lines.push(`Signals: ${levels.map((s) => `${s} (${factory.stability[s]})`).join(', ')}.`);
  }
  return lines.join(' ');
}

function keysText(rows: readonly KeyRow[]): string {
  if (rows.length === 0) return 'It has none.';
  const body = rows.map(({ path, type, default: given, required, text }) => {
    const fallback = required ? 'required' : given === '' ? '' : code(given);
    return [code(path), type, fallback, text];
  });
  return table(['Key', 'Type', 'Default', 'Meaning'], body);
}

function metricsText(metrics: NonNullable<Factory<unknown>['metrics']>): string {
  const body = metrics.map((m) => [code(m.name), m.kind, m.unit, m.description]);
  return table(['Name', 'Kind', 'Unit', 'Meaning'], body);
}

/** The page that leads to the others. */
export function indexPage(components: readonly Documented[]): string {
  const kinds: readonly Kind[] = ['receiver', 'processor', 'exporter', 'connector', 'extension'];
  const parts = ['# Components', 'Written by `npm run docs` from the components themselves.'];
  for (const kind of kinds) {
    const own = components.filter(({ factory }) => factory.kind === kind);
    const body = own
      .toSorted((a, b) => (a.factory.type < b.factory.type ? -1 : 1))
      .map(({ factory }) => [
        `[\`${factory.type}\`](${pageName(factory)})`,
        (factory.aliases ?? []).map(code).join(', '),
        factory.description,
      ]);
    parts.push(
      `## ${capital(sectionOf[kind])}`,
      table(['Type', 'Older names', 'What it does'], body),
    );
  }
  return `${parts.join('\n\n')}\n`;
}

function code(text: string): string {
  return text.includes('`') ? text : `\`${text}\``;
}

/** A table of Markdown. */
export function table(header: readonly string[], body: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|').replaceAll('\n', ' ')).join(' | ')} |`;
  return [line(header), line(header.map(() => '---')), ...body.map(line)].join('\n');
}
