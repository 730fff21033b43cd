import type { SqlClient } from '../sql.ts';
import { type Binder, bindFor, paramsOf } from './bind.ts';
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
    const parts = inParts(wanted);
    wanted = [];
    for (const some of parts) {
      for (const pair of await pairsOf(client, table, some, timeoutMs)) {
        join(groups, pair);
        for (const id of pair) {
          if (asked.has(id) || asked.size >= maxIds) continue;
          asked.add(id);
          wanted.push(id);
        }
      }
    }
  }
  return groups;
}

/** Joins that name one of the ids. */
async function pairsOf(
  client: SqlClient,
  table: string,
  ids: readonly string[],
  timeoutMs: number,
): Promise<(readonly [from: string, to: string])[]> {
  const bind = bindFor(ids.length);
  const list = bind.traceIds(ids);
  const sql = `SELECT from_trace, to_trace FROM ${table}
 WHERE from_trace IN ${list} OR to_trace IN ${list} LIMIT 10000`;
  const r = new RowBinaryReader(await client.query(sql, { timeoutMs, params: paramsOf(bind) }));
  const pairs: [string, string][] = [];
  while (!r.done) pairs.push([r.hex(16), r.hex(16)]);
  return pairs;
}

/** Traces that one statement names at most: its text has a limit, and so has the tree of it. */
const mostNamed = 500;

/** Traces in lists that one statement can name. */
export function inParts<T>(traces: readonly T[]): T[][] {
  const parts: T[][] = [];
  for (let at = 0; at < traces.length; at += mostNamed) {
    parts.push(traces.slice(at, at + mostNamed));
  }
  return parts;
}

/** Text of a column, UInt8: whether {@link aliasGroups} would find anything for these ids. */
export function hasAlias(table: string, ids: readonly string[], bind: Binder): string {
  const list = ids.length === 1 ? `(${bind.traceId(ids[0]!)})` : bind.traceIds(ids);
  return `ifNull((SELECT count() FROM ${table}
 WHERE from_trace IN ${list} OR to_trace IN ${list}) > 0, 0)`;
}

function join(groups: Map<string, Set<string>>, [a, b]: readonly [string, string]): void {
  const left = groups.get(a) ?? new Set([a]);
  const right = groups.get(b) ?? new Set([b]);
  for (const id of right) left.add(id);
  for (const id of left) groups.set(id, left);
}
