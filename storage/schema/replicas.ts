import type { SqlClient, SqlOptions } from '../sql.ts';
import { onCluster, type Place, storedName, tableName } from './table.ts';

/**
 * On a cluster: waits until each replica has what others were given of a table, so that any of them
 * may be asked.
 * @param name of the table in the schema
 */
export async function syncReplicas(
  client: SqlClient,
  place: Place,
  name: string,
  options: SqlOptions,
): Promise<void> {
  if (place.cluster === undefined) return;
  const stored = tableName(place, storedName(place, name));
  await client.command(`SYSTEM SYNC REPLICA${onCluster(place)} ${stored} LIGHTWEIGHT`, options);
}
