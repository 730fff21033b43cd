import type { SqlClient } from '../sql.ts';
import { type Binder, Params } from './bind.ts';
import { RowBinaryReader } from './row-binary.ts';

/** Ids that one trace may have; beyond it the rest is left out. */
const maxIds = 1_000;
const maxRounds = 8;

/**
 * Ids that were joined with the given ones, as groups: each id with all that belong to the same
 * trace (itself included). An id without alias is not in the map.
 */
export async function aliasGroups(
  client: SqlClient,
  table: string,
  ids: readonly string[],
  timeoutMs: number,
): Promise<Map<string, Set<string>>> {
  const groups = new Map<string, Set<string>>();
  let wanted = [...ids];
  const asked = new Set(wanted);
  for (let round = 0; wanted.length > 0 && round < maxRounds; round++) {
    const bind = new Params();
    const list = wanted.map((id) => bind.traceId(id)).join(', ');
    const sql = `SELECT from_trace, to_trace FROM ${table}
 WHERE from_trace IN (${list}) OR to_trace IN (${list}) LIMIT 10000`;
    const r = new RowBinaryReader(await client.query(sql, { timeoutMs, params: bind.values }));
    wanted = [];
    while (!r.done) {
      const pair = [r.hex(16), r.hex(16)] as const;
      join(groups, pair);
      for (const id of pair) {
        if (asked.has(id) || asked.size >= maxIds) continue;
        asked.add(id);
        wanted.push(id);
      }
    }
  }
  return groups;
}

/** Text of a column, UInt8: whether {@link aliasGroups} would find anything for these ids. */
export function hasAlias(table: string, ids: readonly string[], bind: Binder): string {
  const list = ids.map((id) => bind.traceId(id)).join(', ');
  return `ifNull((SELECT count() FROM ${table}
 WHERE from_trace IN (${list}) OR to_trace IN (${list})) > 0, 0)`;
}

function join(groups: Map<string, Set<string>>, [a, b]: readonly [string, string]): void {
  const left = groups.get(a) ?? new Set([a]);
  const right = groups.get(b) ?? new Set([b]);
  for (const id of right) left.add(id);
  for (const id of left) groups.set(id, left);
}
