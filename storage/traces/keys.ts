/** Finds traces by values of span attributes, and writes down which traces are one. */
import { bucketSlackS, tagHashes, tagShard, typedTagHashes } from '../schema/spans.ts';
import { tableName } from '../schema/table.ts';
import { quoteString, type SqlClient } from '../sql.ts';
import { literals } from './bind.ts';
import { type CallOptions, type Deadline, runCall } from './calls.ts';
import { RowBinaryReader } from './row-binary.ts';

/** An attribute of the span itself that equals one of some values. */
export interface KeyValues {
  readonly key: string;
  readonly strings: readonly string[];
  readonly ints: readonly bigint[];
}

/** Spans that begin within a stretch of time, both ends inclusive, and have any of the keys. */
export interface KeySearch {
  /** Nanoseconds since 1970. */
  readonly fromNs: bigint;
  readonly toNs: bigint;
  readonly keys: readonly KeyValues[];
}

/** Two trace ids that are one trace. */
export interface TraceAlias {
  /** 32 lower-case hex digits. */
  readonly from: string;
  readonly to: string;
  readonly reason: string;
  /** Start of the trace `to`, nanoseconds since 1970. */
  readonly startNs: bigint;
}

/** All methods reject with ReadError. */
export interface TraceKeys {
  /** Ids of the traces of all spans that any search matches, sorted; `limit` of them at most. */
  traceIds(searches: readonly KeySearch[], limit: number): Promise<readonly string[]>;
  /** Names of the services of which some resource has the attribute, `limit` of them at most. */
  servicesWith(resourceAttribute: string, limit: number): Promise<ReadonlySet<string>>;
  /** Makes each trace open under the other's id too; may be said any number of times. */
  join(aliases: readonly TraceAlias[]): Promise<void>;
}

/** Where the tables are, and how long a call may take. */
export interface TraceKeysOptions extends CallOptions {
  readonly client: SqlClient;
  readonly database: string;
}

/** Searches in one statement; each is a branch of its own, so that the index on tags serves it. */
const maxBranches = 8;

/** Over the tables of schema `smart`. */
export function createTraceKeys(options: TraceKeysOptions): TraceKeys {
  const { client } = options;
  const spans = tableName(options, 'spans');
  const query = async (sql: string, deadline: Deadline): Promise<string[]> => {
    const r = new RowBinaryReader(await client.query(sql, deadline()));
    const ids: string[] = [];
    while (!r.done) ids.push(r.hex(16));
    return ids;
  };
  return {
    traceIds: (searches, limit) =>
      runCall(options, [], async (deadline) => {
        const nowNs = BigInt(Math.floor(options.now())) * 1_000_000n;
        const ids = new Set<string>();
        for (let at = 0; at < searches.length; at += maxBranches) {
          const some = searches.slice(at, at + maxBranches);
          const sql = keyStatement(spans, some, nowNs, limit);
          for (const id of await query(sql, deadline)) ids.add(id);
        }
        return [...ids].sort().slice(0, limit);
      }),
    servicesWith: (attribute, most) =>
      runCall(options, new Set<string>(), async (deadline) => {
        const sql = `SELECT DISTINCT service FROM ${tableName(options, 'resources')}
 WHERE mapContains(attributes, ${quoteString(attribute)}) LIMIT ${most}`;
        const r = new RowBinaryReader(await client.query(sql, deadline()));
        const services = new Set<string>();
        while (!r.done) services.add(r.string());
        return services;
      }),
    join: (aliases) =>
      runCall(options, undefined, async (deadline) => {
        if (aliases.length === 0) return;
        const sql = `INSERT INTO ${tableName(options, 'trace_alias')}
 (day, from_trace, to_trace, reason) VALUES ${aliases.map(aliasRow).join(', ')}`;
        await client.command(sql, deadline());
      }),
  };
}

function aliasRow({ from, to, reason, startNs }: TraceAlias): string {
  const day = `toDate(fromUnixTimestamp64Nano(toInt64(${startNs}), 'UTC'))`;
  return `(${day}, ${literals.traceId(from)}, ${literals.traceId(to)}, ${quoteString(reason)})`;
}

/**
 * One statement for some searches. Integers, and strings by the index that has their keys, are
 * branches of their own: an OR could use no index.
 * @param nowNs nanoseconds since 1970
 */
export function keyStatement(
  table: string,
  searches: readonly KeySearch[],
  nowNs: bigint,
  limit: number,
): string {
  const branches = searches.flatMap((search) => {
    const time = timeOf(search, nowNs);
    return [...stringBranches(search.keys), intBranch(search.keys)]
      .filter((condition) => condition !== '')
      .map((condition) => `SELECT trace_id FROM ${table} WHERE ${time}\n AND ${condition}`);
  });
  return `SELECT DISTINCT trace_id FROM (
${branches.join('\nUNION ALL\n')}
) LIMIT ${limit}`;
}

function stringBranches(keys: readonly KeyValues[]): string[] {
  const some = keys.filter(({ strings }) => strings.length > 0);
  const shards = new Set(some.map(({ key }) => tagShard(key)));
  return [...shards].map((shard) => {
    const own = some.filter(({ key }) => tagShard(key) === shard);
    const values = own.map(({ key, strings }) => ({ key, texts: strings.map(quoteString) }));
    return branch('attributes_string', tagHashes(shard), values, (text) => text);
  });
}

function intBranch(keys: readonly KeyValues[]): string {
  const some = keys.filter(({ ints }) => ints.length > 0);
  const values = some.map(({ key, ints }) => ({ key, texts: ints.map(String) }));
  return branch('attributes_int', typedTagHashes, values, (text) => `toInt64(${text})`);
}

function branch(
  map: string,
  hashes: string,
  values: readonly { readonly key: string; readonly texts: readonly string[] }[],
  typed: (text: string) => string,
): string {
  if (values.length === 0) return '';
  const wanted = values.flatMap(({ key, texts }) =>
    texts.map((text) => `cityHash64(${quoteString(key)}, ${typed(text)})`),
  );
  // A missing key reads as the type's default, so a default needs the key checked as well.
  const exact = values.map(({ key, texts }) => {
    const name = quoteString(key);
    return `(mapContains(${map}, ${name}) AND ${map}[${name}] IN (${texts.join(', ')}))`;
  });
  const hint = `indexHint(hasAny(${hashes}, [${wanted.join(', ')}]))`;
  return `${hint} AND (${exact.join(' OR ')})`;
}

const second = 1_000_000_000n;
/** Spans that began longer than this before they came are not in the bucket of their start. */
const clampedS = 86_400n;

/**
 * Buckets rule out most where they are those of the spans' times. A span that came an hour before
 * its own time is not found.
 */
function timeOf({ fromNs, toNs }: KeySearch, nowNs: bigint): string {
  const conditions = [
    `time >= fromUnixTimestamp64Nano(toInt64(${clamp(fromNs)}), 'UTC')`,
    `time <= fromUnixTimestamp64Nano(toInt64(${clamp(toNs)}), 'UTC')`,
  ];
  if (fromNs > nowNs - clampedS * second) {
    const from = clamp(fromNs) / second - BigInt(bucketSlackS);
    conditions.push(`bucket >= toDateTime(${from}, 'UTC')`);
    conditions.push(`bucket <= toDateTime(${clamp(toNs) / second}, 'UTC')`);
  }
  return conditions.join(' AND ');
}

/** Within what a DateTime holds, a day after its beginning. */
function clamp(ns: bigint): bigint {
  const min = clampedS * second;
  const max = 4_294_967_295n * second;
  return ns < min ? min : ns > max ? max : ns;
}
