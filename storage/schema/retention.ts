import { quoteString, rowsOf, type SqlClient } from '../sql.ts';
import { tables } from './migrations.ts';
import { type Place, storedName, tableName, writeSettings } from './table.ts';
import { changeTtls, readTtls, type TtlReport } from './ttl.ts';

const DAY_S = 86_400;

/** Signals that have tables of their own. */
export type KeptSignal = 'traces' | 'logs' | 'metrics';

/** Tables of each signal; the first tells how long its rows are kept. */
const ownTables: Readonly<Record<KeptSignal, readonly string[]>> = {
  traces: ['spans', 'operations', 'service_edges', 'trace_alias'],
  logs: ['logs', 'flows', 'entities', 'entity_addresses'],
  metrics: ['metric_samples', 'metric_histograms', 'metric_exemplars', 'metric_series'],
};

/** Dictionaries of all signals. */
const sharedTables: readonly string[] = ['resources', 'scopes'];

const kept = Object.keys(ownTables) as readonly KeptSignal[];

/**
 * Changes how long rows of a signal are kept. The dictionaries that signals share are kept as long
 * as the rows of any of them, for which each signal's time is noted in table `settings`. May be run
 * by several gateways at once: of different times for one signal the last one counts.
 * @param days 0 = for ever; undefined = as the tables have it
 */
export async function keepFor(
  client: SqlClient,
  place: Place,
  signal: KeptSignal,
  days: number | undefined,
): Promise<TtlReport> {
  const change = (names: readonly string[], all: number): Promise<TtlReport> =>
    changeTtls(client, place, wantedOf(place, names, all));
  const own = days === undefined ? nothing : await change(ownTables[signal], days);
  const effective = await storedDays(client, place, ownTables[signal][0]!);
  await note(client, place, signal, effective);
  // Another gateway may note its time while this one changes tables: what counts is what is noted.
  let shared = nothing;
  for (let before = -1, turn = 0; turn < 3; turn++) {
    const all = await sharedDays(client, place);
    if (all === before) break;
    before = all;
    const now = await storedDays(client, place, sharedTables[0]!);
    const longer = now !== 0 && (all === 0 || all > now);
    if (days !== undefined || longer) shared = await change(sharedTables, all);
  }
  return { changed: [...own.changed, ...shared.changed], left: [...own.left, ...shared.left] };
}

const nothing: TtlReport = { changed: [], left: [] };

function wantedOf(place: Place, names: readonly string[], days: number) {
  return tables
    .filter(({ name, ttlColumn }) => names.includes(name) && ttlColumn !== undefined)
    .map(({ name, ttlColumn }) => ({
      table: storedName(place, name),
      from: ttlColumn!,
      seconds: days * DAY_S,
    }));
}

/** Days that a table keeps its rows, 0 = for ever, or by a rule that is not only of age. */
async function storedDays(client: SqlClient, place: Place, name: string): Promise<number> {
  const table = storedName(place, name);
  const seconds = (await readTtls(client, place, [table])).get(table)?.seconds ?? 0;
  return Math.ceil(seconds / DAY_S);
}

const noteName = (signal: KeptSignal): string => `ttl_days_${signal}`;

async function notes(client: SqlClient, place: Place): Promise<ReadonlyMap<string, number>> {
  const sql = `SELECT name, argMax(value, set_at) AS days FROM ${tableName(place, 'settings')}
    WHERE name IN (${kept.map(noteName).map(quoteString).join(', ')}) GROUP BY name`;
  const rows = await rowsOf<{ name: string; days: string }>(client, sql);
  return new Map(rows.map(({ name, days }) => [name, Number(days)]));
}

async function note(
  client: SqlClient,
  place: Place,
  signal: KeptSignal,
  days: number,
): Promise<void> {
  if ((await notes(client, place)).get(noteName(signal)) === days) return;
  const values = `(${quoteString(noteName(signal))}, '${days}')`;
  const sql = `INSERT INTO ${tableName(place, 'settings')} (name, value) VALUES ${values}`;
  await client.command(sql, { settings: writeSettings(place) });
}

/** Days that the dictionaries are needed: those of the signal that is kept longest. */
async function sharedDays(client: SqlClient, place: Place): Promise<number> {
  const noted = await notes(client, place);
  let days = 0;
  for (const signal of kept) {
    const own = noted.get(noteName(signal)) ?? (await unnoted(client, place, signal));
    if (own === 0) return 0;
    if (own !== undefined) days = Math.max(days, own);
  }
  return days;
}

/** Days of a signal that a program without these notes stored; undefined when it stored none. */
async function unnoted(
  client: SqlClient,
  place: Place,
  signal: KeptSignal,
): Promise<number | undefined> {
  const names = ownTables[signal].map((name) => quoteString(storedName(place, name)));
  const [row] = await rowsOf<{ rows: string | null }>(
    client,
    `SELECT sum(total_rows) AS rows FROM system.tables
      WHERE database = ${quoteString(place.database)} AND name IN (${names.join(', ')})`,
  );
  const has = Number(row?.rows ?? 0) > 0;
  return has ? storedDays(client, place, ownTables[signal][0]!) : undefined;
}
