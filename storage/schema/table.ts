import { quoteName, quoteString } from '../sql.ts';

/** Where tables are. */
export interface Place {
  readonly database: string;
  /** As in {@link SchemaOptions}. */
  readonly cluster?: string;
}

/** Where and how the schema is made. */
export interface SchemaOptions extends Place {
  /** Days that rows of new tables are kept; 0 = for ever. `keepFor` changes it later. */
  readonly ttlDays: number;
  /**
   * Name of a ClickHouse cluster: every table becomes a Replicated `<name>_local` on each node and
   * a Distributed `<name>` over it. Absent = one server.
   */
  readonly cluster?: string;
}

/** A table as data; statements are made from it. */
export interface TableSpec {
  readonly name: string;
  /** Columns, indexes and projections, one each. */
  readonly columns: readonly string[];
  /** MergeTree family without `Replicated`, e.g. `ReplacingMergeTree(computed_at)`. */
  readonly engine: string;
  readonly partitionBy?: string;
  readonly orderBy: string;
  /** Date or DateTime column that TTL counts from; absent = rows stay. */
  readonly ttlColumn?: string;
  /** Spreads rows over the shards of a cluster. */
  readonly shardBy: string;
  readonly settings?: string;
}

/** `database`.`table`, quoted. */
export function tableName(options: { readonly database: string }, name: string): string {
  return `${quoteName(options.database)}.${quoteName(name)}`;
}

/** What follows a table's name in DDL; '' without a cluster. */
export function onCluster(options: { readonly cluster?: string }): string {
  return options.cluster === undefined ? '' : ` ON CLUSTER ${quoteName(options.cluster)}`;
}

/**
 * Settings of a write into tables of a place: a Distributed table acknowledges rows once the shards
 * have them, not when it has noted them to be sent. The name is the one that every version knows.
 */
export function writeSettings(place: { readonly cluster?: string }): Record<string, number> {
  return place.cluster === undefined ? {} : { insert_distributed_sync: 1 };
}

/**
 * What stands before JOIN, and before IN of a SELECT: the right side is read once, by the node that
 * is asked. Each shard would read all of it, which ClickHouse refuses for tables of a cluster.
 */
export function joinOf(place: { readonly cluster?: string }): string {
  return place.cluster === undefined ? '' : 'GLOBAL ';
}

/** Name of the table that holds the rows. */
export function storedName(options: { readonly cluster?: string }, name: string): string {
  return options.cluster === undefined ? name : `${name}_local`;
}

/** The TTL expression of a table, or undefined when its rows stay. */
function ttlOf(spec: TableSpec, ttlDays: number): string | undefined {
  if (spec.ttlColumn === undefined || ttlDays === 0) return undefined;
  return `${spec.ttlColumn} + toIntervalDay(${ttlDays})`;
}

/** Statements that make a table (and its Distributed face); each may be run again. */
export function createTable(spec: TableSpec, options: SchemaOptions): string[] {
  const stored = storedName(options, spec.name);
  const ttl = ttlOf(spec, options.ttlDays);
  const replicated = options.cluster === undefined ? '' : 'Replicated';
  const settings = ['ttl_only_drop_parts = 1', 'materialize_ttl_recalculate_only = 1'];
  if (spec.settings) settings.push(spec.settings);
  const statement = [
    `CREATE TABLE IF NOT EXISTS ${tableName(options, stored)}${onCluster(options)} (`,
    spec.columns.map((column) => `  ${column}`).join(',\n'),
    `) ENGINE = ${replicated}${spec.engine}`,
    spec.partitionBy ? `PARTITION BY ${spec.partitionBy}` : '',
    `ORDER BY ${spec.orderBy}`,
    ttl ? `TTL ${ttl}` : '',
    `SETTINGS ${settings.join(', ')}`,
  ];
  const statements = [statement.filter((line) => line !== '').join('\n')];
  if (options.cluster !== undefined) {
    const target = [options.cluster, options.database, stored].map(quoteString).join(', ');
    statements.push(
      `CREATE TABLE IF NOT EXISTS ${tableName(options, spec.name)}${onCluster(options)}` +
        ` AS ${tableName(options, stored)} ENGINE = Distributed(${target}, ${spec.shardBy})`,
    );
  }
  return statements;
}
