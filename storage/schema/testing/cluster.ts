import type { SqlClient } from '../../sql.ts';
import { openTestDatabase, type TestDatabase } from './chdb-client.ts';

/** Clusters `one` and `two`, of as many shards, all of them the engine itself. */
function config(): string {
  const shard = '<shard><replica><host>127.0.0.1</host><port>9000</port></replica></shard>';
  return `<clickhouse>
    <tcp_port>9000</tcp_port>
    <remote_servers><one>${shard}</one><two>${shard}${shard}</two></remote_servers>
  </clickhouse>`;
}

export interface TestCluster extends TestDatabase {
  /** Statements as they were given. */
  readonly statements: string[];
}

/**
 * The engine of a test as a cluster: Distributed tables are real ones. There is no Keeper, so
 * statements are run without ON CLUSTER, tables are not Replicated, and what waits for replicas is
 * only noted. Both shards of cluster `two` have the same rows: reads give each of them twice.
 */
export async function openTestCluster(): Promise<TestCluster> {
  const { client: inner, close } = await openTestDatabase(config());
  const statements: string[] = [];
  const note = (sql: string): string => {
    statements.push(sql);
    return sql.replace(/ ON CLUSTER `\w+`/g, '').replace(/ENGINE = Replicated/g, 'ENGINE = ');
  };
  const client: SqlClient = {
    ...inner,
    query: (sql, options) => inner.query(note(sql), options),
    async command(sql, options) {
      const toRun = note(sql);
      if (/^(SYSTEM SYNC REPLICA|KILL QUERY)/.test(sql)) return;
      await inner.command(toRun, options);
    },
    insert: (sql, body, options) => inner.insert(note(sql), body, options),
  };
  return { client, statements, close };
}
