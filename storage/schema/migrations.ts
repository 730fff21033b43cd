import { schemaVersion, settings } from './bookkeeping.ts';
import { operations, resources, scopes, traceAlias } from './dictionaries.ts';
import { serviceEdges } from './edges.ts';
import { entities, entityAddresses } from './entities.ts';
import { flows } from './flows.ts';
import { logs, logsView } from './logs.ts';
import { metricViews } from './metric-views.ts';
import { metricExemplars, metricHistograms, metricSamples, metricSeries } from './metrics.ts';
import { keyIndex, placesProjection, rareColumn, spans } from './spans.ts';
import {
  createTable,
  onCluster,
  type SchemaOptions,
  storedName,
  type TableSpec,
  tableName,
} from './table.ts';
import { tracesView } from './views.ts';

interface Migration {
  readonly version: number;
  /** Statements in order; each may be run again after a crash in the middle. */
  statements(options: SchemaOptions): string[];
}

const version1: readonly TableSpec[] = [
  schemaVersion,
  settings,
  resources,
  scopes,
  operations,
  traceAlias,
  serviceEdges,
  spans,
];

const version2: readonly TableSpec[] = [logs, flows, entities, entityAddresses];

const version4: readonly TableSpec[] = [
  metricSeries,
  metricSamples,
  metricHistograms,
  metricExemplars,
];

/** All tables of the newest version, for statements that touch each of them. */
export const tables: readonly TableSpec[] = [...version1, ...version2, ...version4];

/** Oldest first. A published migration is never changed: the next version is a new entry. */
export const migrations: readonly Migration[] = [
  {
    version: 1,
    statements: (options) => [
      ...version1.flatMap((table) => createTable(table, options)),
      tracesView(options),
    ],
  },
  {
    version: 2,
    statements: (options) => [
      ...version2.flatMap((table) => createTable(table, options)),
      logsView(options),
    ],
  },
  { version: 3, statements: addRareColumn },
  {
    version: 4,
    statements: (options) => [
      ...version4.flatMap((table) => createTable(table, options)),
      ...metricViews(options),
    ],
  },
  { version: 5, statements: replaceLocatorAddKeys },
];

/** For tables that an earlier program made; what they hold gets the column in the background. */
function addRareColumn(options: SchemaOptions): string[] {
  const stored = storedName(options, spans.name);
  const alter = (name: string) => `ALTER TABLE ${tableName(options, name)}${onCluster(options)}`;
  const names = stored === spans.name ? [stored] : [stored, spans.name];
  return [
    ...names.map((name) => `${alter(name)} ADD COLUMN IF NOT EXISTS ${rareColumn}`),
    `${alter(stored)} MATERIALIZE COLUMN rare`,
  ];
}

/**
 * Where traces are: another projection; what there is for older spans is made in the background.
 * Until then readers do not ask the projection by its name.
 */
function replaceLocatorAddKeys(options: SchemaOptions): string[] {
  const stored = `${tableName(options, storedName(options, spans.name))}${onCluster(options)}`;
  return [
    `ALTER TABLE ${stored} ADD ${placesProjection.replace('PROJECTION', 'PROJECTION IF NOT EXISTS')}`,
    `ALTER TABLE ${stored} MATERIALIZE PROJECTION places`,
    `ALTER TABLE ${stored} DROP PROJECTION IF EXISTS locator`,
    `ALTER TABLE ${stored} MODIFY COLUMN attributes_string MODIFY SETTING
      min_compress_block_size = 262144, max_compress_block_size = 1048576`,
    `ALTER TABLE ${stored} ADD ${keyIndex.replace('INDEX', 'INDEX IF NOT EXISTS')}`,
    `ALTER TABLE ${stored} MATERIALIZE INDEX keys`,
    `ALTER TABLE ${stored} MODIFY SETTING prewarm_mark_cache = 1`,
  ];
}
