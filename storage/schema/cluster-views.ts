import { quoteString, rowsOf, type SqlClient } from '../sql.ts';
import { logsView } from './logs.ts';
import { metricViews } from './metric-views.ts';
import type { SchemaOptions } from './table.ts';
import { tracesView } from './views.ts';

/** The views of the newest version by name. */
function viewsOf(options: SchemaOptions): ReadonlyMap<string, string> {
  const statements = [tracesView(options), logsView(options), ...metricViews(options)];
  return new Map(
    statements.map((statement) => [
      /`(otel_\w+)`/.exec(statement)![1]!,
      statement.replace(/^CREATE (OR REPLACE )?VIEW (IF NOT EXISTS )?/, 'CREATE OR REPLACE VIEW '),
    ]),
  );
}

/**
 * On a cluster: makes those views anew that an earlier program made with JOINs that ClickHouse
 * refuses for tables of several shards. Tables of these names stay.
 */
export async function renewViews(client: SqlClient, options: SchemaOptions): Promise<void> {
  if (options.cluster === undefined) return;
  const views = viewsOf(options);
  const names = [...views.keys()].map(quoteString).join(', ');
  const stale = await rowsOf<{ name: string }>(
    client,
    `SELECT name FROM system.tables WHERE database = ${quoteString(options.database)}
      AND name IN (${names}) AND engine = 'View' AND NOT like(create_table_query, '%GLOBAL%')`,
  );
  for (const { name } of stale) await client.command(views.get(name)!);
}
