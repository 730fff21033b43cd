// node integration/telemetry-names/list.ts
// Writes the table of own metrics into docs/telemetry.md: what the recorded scenarios tell, and what
// the components say of metrics that those do not cover.
import { globSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { MetricInfo } from '../../component/factory.ts';
import { registry } from '../../gateway/components.ts';
import { type Level, levels, type Outcome } from './lib.ts';

export const page = join(import.meta.dirname, '../../docs/telemetry.md');

const begin = '<!-- metrics: begin -->';
const end = '<!-- metrics: end -->';

interface Row {
  readonly name: string;
  kind: string;
  unit: string;
  level: Level;
  /** The least level at which each attribute is told. */
  readonly attributes: Map<string, Level>;
}

/** Told by the program itself, whatever is configured. */
const own: readonly (MetricInfo & { readonly attributes: readonly string[] })[] = [
  {
    name: 'wirestitch_ledger_items',
    description: '',
    unit: '{items}',
    kind: 'gauge',
    attributes: ['node', 'flow', 'reason'],
  },
  {
    name: 'wirestitch_exporter_retries',
    description: '',
    unit: '{attempts}',
    kind: 'counter',
    attributes: ['exporter'],
  },
  {
    name: 'otelcol_exporter_enqueue_failed_log_records',
    description: '',
    unit: '{record}',
    kind: 'counter',
    attributes: ['exporter'],
  },
];

/** Metrics of the Go runtime that there is nothing here for. */
const absent: ReadonlySet<string> = new Set(['otelcol_process_runtime_total_alloc_bytes']);

const kinds: Readonly<Record<string, string>> = {
  sum: 'counter',
  'sum that falls, too': 'up-down counter',
};

const lower = (a: Level, b: Level): Level => (levels.indexOf(a) <= levels.indexOf(b) ? a : b);

function recordedRows(): Map<string, Row> {
  const rows = new Map<string, Row>();
  const folder = join(import.meta.dirname, 'testdata');
  const files = globSync('*.json', { cwd: folder }).filter((file) => !/^(view|reader)-/.test(file));
  for (const file of files.sort()) {
    const outcomes = JSON.parse(readFileSync(join(folder, file), 'utf8')) as Partial<
      Record<Level, Outcome>
    >;
    for (const level of levels) {
      for (const [name, told] of Object.entries(outcomes[level]?.names ?? {})) {
        if (absent.has(name)) continue;
        const row: Row = rows.get(name) ?? {
          name,
          kind: kinds[told.kind] ?? told.kind,
          unit: told.unit,
          level,
          attributes: new Map(),
        };
        row.level = lower(row.level, level);
        for (const key of told.points.join(' ').matchAll(/([^ =]+)=/g)) {
          row.attributes.set(key[1]!, lower(row.attributes.get(key[1]!) ?? level, level));
        }
        rows.set(name, row);
      }
    }
  }
  return rows;
}

async function componentMetrics(): Promise<MetricInfo[]> {
  const factories = await Promise.all(registry.map(async (one) => (await one.load()).factory));
  return factories.flatMap(({ metrics = [] }) => [...metrics]);
}

function line({ name, kind, unit, level, attributes }: Row): string {
  const told = [...attributes].map(([key, from]) =>
    from === level ? `\`${key}\`` : `\`${key}\` (${from})`,
  );
  const shown = unit === '' ? '' : `\`${unit}\``;
  return `| \`${name}\` | ${kind} | ${shown} | ${told.join(', ')} | ${level} |`;
}

/** The lines of what the Go collector was recorded to tell. */
export function recordedLines(): string[] {
  return [...recordedRows().values()].map(line);
}

/** The table, with a line for each metric. */
export async function metricsTable(): Promise<string> {
  const rows = recordedRows();
  for (const info of [...own, ...(await componentMetrics())]) {
    if (rows.has(info.name)) continue;
    const attributes: readonly string[] = 'attributes' in info ? (info.attributes as string[]) : [];
    const { name, kind, unit, level = 'basic' } = info;
    const told = new Map(attributes.map((key) => [key, level] as const));
    rows.set(name, { name, kind, unit, level, attributes: told });
  }
  const sorted = [...rows.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  const head = ['| metric | kind | unit | attributes | level |', '|---|---|---|---|---|'];
  return [begin, ...head, ...sorted.map(line), end].join('\n');
}

/** The page with the table in its place. */
export function withTable(text: string, table: string): string {
  const from = text.indexOf(begin);
  const to = text.indexOf(end);
  if (from < 0 || to < from) throw new Error(`cannot find ${begin} and ${end} in ${page}`);
  return text.slice(0, from) + table + text.slice(to + end.length);
}

if (import.meta.main) {
  const text = readFileSync(page, 'utf8');
  writeFileSync(page, withTable(text, await metricsTable()));
  process.exit(0);
}
