import { quoteString, rowsOf, type SqlClient } from '../sql.ts';
import { onCluster, type Place, tableName } from './table.ts';

/** How long the rows of one table are to be kept. */
export interface TtlWanted {
  /** The table that holds the rows. */
  readonly table: string;
  /** What age counts from where the table has no rule yet: an expression of type Date or DateTime. */
  readonly from: string;
  /** Seconds; 0 = for ever. */
  readonly seconds: number;
}

/** The rule that a table has. */
export interface TtlFound {
  /** As ClickHouse writes it; '' = rows stay. */
  readonly text: string;
  /** What age counts from; undefined when the rule does more than to remove rows of some age. */
  readonly from: string | undefined;
  /** Seconds that rows are kept; 0 = for ever, or a rule that does more. */
  readonly seconds: number;
  /** Whether a change reads the columns of the rule only, not whole parts. */
  readonly recalculates: boolean;
}

/** What became of the tables. */
export interface TtlReport {
  readonly changed: readonly string[];
  /** Tables whose rule does more than to remove rows of some age: it stays. */
  readonly left: readonly string[];
}

const units: readonly (readonly [seconds: number, name: string])[] = [
  [86_400, 'Day'],
  [3_600, 'Hour'],
  [60, 'Minute'],
  [1, 'Second'],
];

/** An interval of SQL, in the largest unit that fits. @param seconds above 0, whole */
export function interval(seconds: number): string {
  const [size, unit] = units.find(([one]) => seconds % one === 0)!;
  return `toInterval${unit}(${seconds / size})`;
}

/** For people: `3 days`, `for ever`. */
export function ttlText(seconds: number): string {
  if (seconds === 0) return 'for ever';
  const [size, unit] = units.find(([one]) => seconds % one === 0)!;
  const count = seconds / size;
  return `${count} ${unit.toLowerCase()}${count === 1 ? '' : 's'}`;
}

/** Age and nothing else: no moves, no GROUP BY, no WHERE, no second rule. */
const plainRule = /^(.+) \+ toInterval(Day|Hour|Minute|Second|Week)\((\d+)\)$/;
const morePattern = / (TO|GROUP BY|WHERE|DELETE|RECOMPRESS|SET) |\), /;

/** Reads the rule out of `engine_full` of system.tables. */
export function parseTtl(engine: string): TtlFound {
  const text = / TTL (.+?)(?= SETTINGS |$)/s.exec(engine)?.[1] ?? '';
  const recalculates = /\bmaterialize_ttl_recalculate_only = (1|true)/.test(engine);
  if (text === '') return { text, from: '', seconds: 0, recalculates };
  const [, from, unit, count] = plainRule.exec(text) ?? [];
  if (from === undefined || morePattern.test(`${text} `)) {
    return { text, from: undefined, seconds: 0, recalculates };
  }
  const size = unit === 'Week' ? 604_800 : units.find(([, name]) => name === unit)![0];
  return { text, from, seconds: Number(count) * size, recalculates };
}

/** The rules of tables of the MergeTree family; tables that are not there, or others, are left out. */
export async function readTtls(
  client: SqlClient,
  { database }: Place,
  tables: readonly string[],
): Promise<ReadonlyMap<string, TtlFound>> {
  const sql = `SELECT name, engine_full AS full FROM system.tables
    WHERE database = ${quoteString(database)} AND name IN (${tables.map(quoteString).join(', ')})
      AND endsWith(engine, 'MergeTree')`;
  const rows = await rowsOf<{ name: string; full: string }>(client, sql);
  return new Map(rows.map(({ name, full }) => [name, parseTtl(full)]));
}

/**
 * Changes how long rows are kept where it is another time than wanted. Stored rows follow in the
 * background: a part is removed when its youngest row is too old.
 */
export async function changeTtls(
  client: SqlClient,
  place: Place,
  wanted: readonly TtlWanted[],
): Promise<TtlReport> {
  const found = await readTtls(
    client,
    place,
    wanted.map(({ table }) => table),
  );
  const changed: string[] = [];
  const left: string[] = [];
  for (const { table, from, seconds } of wanted) {
    const rule = found.get(table);
    if (rule === undefined) continue;
    if (rule.from === undefined) left.push(table);
    else if (rule.seconds !== seconds) {
      const alter = `ALTER TABLE ${tableName(place, table)}${onCluster(place)}`;
      if (seconds > 0 && !rule.recalculates) {
        await client.command(`${alter} MODIFY SETTING materialize_ttl_recalculate_only = 1`);
      }
      const rows = rule.from === '' ? from : rule.from;
      const change = seconds === 0 ? 'REMOVE TTL' : `MODIFY TTL ${rows} + ${interval(seconds)}`;
      await client.command(`${alter} ${change}`);
      changed.push(`${table} (${ttlText(rule.seconds)})`);
    }
  }
  return { changed, left };
}
