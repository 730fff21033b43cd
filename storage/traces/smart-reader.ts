import { tableName } from '../schema/table.ts';
import { type QueryOptions, rowsOf, type SqlClient, SqlError } from '../sql.ts';
import { aliasGroups } from './aliases.ts';
import { locatedCondition, locateStatement, readLocations } from './locate.ts';
import type { StoredSpan, StoredTrace } from './model.ts';
import {
  type Dependency,
  type FoundTraces,
  type Operation,
  ReadError,
  type TraceQuery,
  type TraceReader,
  type TraceSummary,
} from './reader.ts';
import { RowBinaryReader } from './row-binary.ts';
import {
  nextWindow,
  searchBranches,
  searchStatement,
  type TagSets,
  timeCondition,
  type Window,
} from './search.ts';
import { resourceOf, SetCache, scopeOf } from './sets.ts';
import { readSpanRow, type SpanRow, spanColumns } from './span-row.ts';
import { readSlimSpan, type SlimSpan, slimColumns, summarize } from './summaries.ts';
import { fieldTag, onSet, scopeFieldTag, tagForms } from './tags.ts';

export interface SmartReaderOptions {
  readonly client: SqlClient;
  readonly database: string;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** Time for one call, over all its statements; 8,000 ms unless given. */
  readonly timeoutMs?: number;
  /** Spans of one trace that are given back; 100,000 unless given. */
  readonly maxSpansPerTrace?: number;
}

/** Ids of one tag's resources that are named in a statement. */
const maxTagSets = 5_000;
/** Rows that a list of services or operations has at most. */
const maxNames = 100_000;
/** Memory of one statement in bytes. */
const maxStatementMemory = 2_000_000_000;

/** Traces out of the tables of schema `smart`. */
export function createSmartReader(options: SmartReaderOptions): TraceReader {
  return new SmartReader(options);
}

class SmartReader implements TraceReader {
  readonly #client: SqlClient;
  readonly #now: () => number;
  readonly #timeoutMs: number;
  readonly #maxSpans: number;
  readonly #sets: SetCache;
  readonly #table: (name: string) => string;

  constructor(options: SmartReaderOptions) {
    this.#client = options.client;
    this.#now = options.now;
    this.#timeoutMs = options.timeoutMs ?? 8_000;
    this.#maxSpans = options.maxSpansPerTrace ?? 100_000;
    this.#table = (name) => tableName(options, name);
    this.#sets = new SetCache(options.client, {
      resources: this.#table('resources'),
      scopes: this.#table('scopes'),
    });
  }

  services(): Promise<readonly string[]> {
    return this.#run([], async (deadline) => {
      const sql = `SELECT DISTINCT service FROM ${this.#table('operations')}
        ORDER BY service LIMIT ${maxNames}`;
      const rows = await rowsOf<{ service: string }>(this.#client, sql, deadline());
      return rows.map((row) => row.service);
    });
  }

  operations(service: string, kind?: number): Promise<readonly Operation[]> {
    return this.#run([], (deadline) => {
      const ofKind = kind === undefined ? '' : ' AND kind = {kind:UInt8}';
      const sql = `SELECT DISTINCT name, kind FROM ${this.#table('operations')}
        WHERE service = {service:String}${ofKind} ORDER BY name, kind LIMIT ${maxNames}`;
      const params = kind === undefined ? { service } : { service, kind };
      return rowsOf<Operation>(this.#client, sql, { ...deadline(), params });
    });
  }

  dependencies(startNs: bigint, endNs: bigint): Promise<readonly Dependency[]> {
    return this.#run([], async (deadline) => {
      const sql = `SELECT client AS parent, server AS child, sum(calls) AS n
        FROM ${this.#table('service_edges')} FINAL
        WHERE minute >= toDateTime(${seconds(startNs)}, 'UTC')
          AND minute <= toDateTime(${seconds(endNs)}, 'UTC')
        GROUP BY client, server ORDER BY client, server LIMIT ${maxNames}`;
      type Row = { parent: string; child: string; n: string };
      const rows = await rowsOf<Row>(this.#client, sql, deadline());
      return rows.map(({ parent, child, n }) => ({ parent, child, callCount: Number(n) }));
    });
  }

  findTraces(query: TraceQuery): Promise<FoundTraces> {
    return this.#run<FoundTraces>({ traces: [], truncated: false }, async (deadline) => {
      const { ids, truncated } = await this.#search(query, deadline);
      const traces = await this.#summaries(ids.slice(0, query.limit), deadline);
      return { traces, truncated: truncated || ids.length > query.limit };
    });
  }

  getTraces(ids: readonly string[]): Promise<readonly StoredTrace[]> {
    return this.#run([], async (deadline) => {
      if (ids.length === 0) return [];
      const { groups, byId } = await this.#spansOf(ids, deadline);
      const rows = [...byId.values()].flat();
      const resolved = await this.#sets.resolve(rows, deadline().timeoutMs);
      const traces: StoredTrace[] = [];
      for (const traceId of new Set(ids)) {
        const members = [...(groups.get(traceId) ?? [traceId])];
        const found = members.flatMap((id) => byId.get(id) ?? []);
        if (found.length === 0) continue;
        const spans = found.slice(0, this.#maxSpans).map(
          (row): StoredSpan => ({
            ...row.span,
            resource: resourceOf(row, resolved),
            scope: scopeOf(row, resolved),
          }),
        );
        spans.sort(byStart);
        traces.push({ traceId, spans, truncated: found.length > this.#maxSpans });
      }
      return traces;
    });
  }

  /** Rows of the traces and of what was joined with them, by their own trace id. */
  async #spansOf(
    ids: readonly string[],
    deadline: Deadline,
  ): Promise<{ groups: Map<string, Set<string>>; byId: Map<string, SpanRow[]> }> {
    const groups = await this.#aliases(ids, deadline);
    const condition = await this.#located(ids, groups, deadline);
    const byId = new Map<string, SpanRow[]>();
    if (condition === undefined) return { groups, byId };
    const sql = `SELECT ${spanColumns} FROM ${this.#table('spans')} WHERE ${condition}
      LIMIT ${this.#maxSpans + 1} BY trace_id`;
    const r = new RowBinaryReader(await this.#client.query(sql, deadline()));
    while (!r.done) {
      const row = readSpanRow(r);
      append(byId, row.span.traceId, row);
    }
    return { groups, byId };
  }

  #aliases(ids: readonly string[], deadline: Deadline): Promise<Map<string, Set<string>>> {
    const table = this.#table('trace_alias');
    return aliasGroups(this.#client, table, [...new Set(ids)], deadline().timeoutMs);
  }

  /** Condition for all rows of the traces, or undefined when there are none. */
  async #located(
    ids: readonly string[],
    groups: ReadonlyMap<string, ReadonlySet<string>>,
    deadline: Deadline,
  ): Promise<string | undefined> {
    const all = new Set(ids.flatMap((id) => [id, ...(groups.get(id) ?? [])]));
    const sql = locateStatement(this.#table('spans'), [...all]);
    const locations = readLocations(await this.#client.query(sql, deadline()));
    return locations.length === 0 ? undefined : locatedCondition(locations);
  }

  /** Ids of matching traces, newest first, one more than the limit where there are more. */
  async #search(
    query: TraceQuery,
    deadline: Deadline,
  ): Promise<{ ids: string[]; truncated: boolean }> {
    const tags = await this.#resolveTags(query, deadline);
    const branches = searchBranches(query, tags);
    const nowNs = BigInt(Math.floor(this.#now())) * 1_000_000n;
    const ids = new Set<string>();
    const range: Window = { fromNs: query.startMinNs, toNs: query.startMaxNs };
    const wanted = query.limit + 1;
    let done = range.toNs + 1n;
    for (;;) {
      const window = nextWindow(range, done, ids.size, wanted);
      if (window === undefined) break;
      done = window.fromNs;
      const time = timeCondition(window, nowNs);
      const sql = searchStatement(this.#table('spans'), branches, time, wanted);
      try {
        const r = new RowBinaryReader(await this.#client.query(sql, deadline()));
        while (!r.done) {
          ids.add(r.hex(16));
          r.int64();
        }
      } catch (error) {
        if (ids.size > 0 && reasonOf(error) === 'timeout') {
          return { ids: [...ids], truncated: true };
        }
        throw error;
      }
      if (ids.size >= wanted) break;
    }
    return { ids: [...ids], truncated: false };
  }

  /** Resources and scopes that have the tags of a query. */
  #resolveTags(query: TraceQuery, deadline: Deadline): Promise<TagSets[]> {
    const find = async (table: string, condition: string): Promise<bigint[]> => {
      const sql = `SELECT DISTINCT id FROM ${this.#table(table)} WHERE ${condition}
        LIMIT ${maxTagSets + 1}`;
      const r = new RowBinaryReader(await this.#client.query(sql, deadline()));
      const ids: bigint[] = [];
      while (!r.done) ids.push(r.uint64());
      if (ids.length > maxTagSets) {
        throw new ReadError(`cannot search: over ${maxTagSets} ${table} have a tag`, 'too_broad');
      }
      return ids;
    };
    const resolve = async (tag: readonly [string, string]): Promise<TagSets> => {
      const [key, value] = tag;
      if (fieldTag(key, value) !== undefined) return { tag, resources: [], scopes: [] };
      const condition = onSet(tagForms(key, value));
      const [resources, scopes] = await Promise.all([
        find('resources', condition),
        find('scopes', scopeFieldTag(key, value) ?? condition),
      ]);
      return { tag, resources, scopes };
    };
    return Promise.all((query.tags ?? []).map(resolve));
  }

  async #summaries(ids: readonly string[], deadline: Deadline): Promise<TraceSummary[]> {
    if (ids.length === 0) return [];
    const groups = await this.#aliases(ids, deadline);
    const condition = await this.#located(ids, groups, deadline);
    if (condition === undefined) return [];
    const sql = `SELECT ${slimColumns} FROM ${this.#table('spans')} WHERE ${condition}
      LIMIT ${this.#maxSpans} BY trace_id`;
    const r = new RowBinaryReader(await this.#client.query(sql, deadline()));
    const byId = new Map<string, SlimSpan[]>();
    while (!r.done) {
      const span = readSlimSpan(r);
      append(byId, span.traceId, span);
    }
    const summaries: TraceSummary[] = [];
    const seen = new Set<string>();
    for (const id of ids) {
      if (seen.has(id)) continue;
      const members = [...(groups.get(id) ?? [id])];
      for (const member of members) seen.add(member);
      const spans = members.flatMap((member) => byId.get(member) ?? []);
      if (spans.length > 0) summaries.push(summarize(id, spans));
    }
    return summaries.sort((a, b) => compare(b.startUnixNano, a.startUnixNano));
  }

  /**
   * Runs one call under its time limit; what goes wrong becomes a ReadError. A schema that no
   * exporter has made yet holds nothing: `none`.
   */
  async #run<T>(none: T, call: (deadline: Deadline) => Promise<T>): Promise<T> {
    const end = this.#now() + this.#timeoutMs;
    const deadline = () => {
      const left = Math.floor(end - this.#now());
      if (left <= 0) throw new ReadError('cannot read traces: out of time', 'timeout');
      const settings = {
        max_execution_time: left / 1000,
        max_memory_usage: maxStatementMemory,
        use_query_condition_cache: 0,
      };
      return { timeoutMs: left + 500, settings };
    };
    try {
      return await call(deadline);
    } catch (error) {
      if (error instanceof ReadError) throw error;
      if (error instanceof SqlError && notMadeCodes.has(error.code)) return none;
      const message = error instanceof Error ? error.message : String(error);
      throw new ReadError(`cannot read traces: ${message}`, reasonOf(error), error);
    }
  }
}

/** Options of the next statement of a call; throws when the call is out of time. */
type Deadline = () => QueryOptions & { readonly timeoutMs: number };

/** Table or database unknown. */
const notMadeCodes = new Set([60, 81]);
const timeoutCodes = new Set([159, 160, 209]);
const broadCodes = new Set([158, 241, 307, 396]);

function reasonOf(error: unknown): ReadError['reason'] {
  if (error instanceof ReadError) return error.reason;
  if (!(error instanceof SqlError)) return 'internal';
  if (timeoutCodes.has(error.code)) return 'timeout';
  if (broadCodes.has(error.code)) return 'too_broad';
  return error.retryable || error.code === 0 ? 'unavailable' : 'internal';
}

function append<T>(map: Map<string, T[]>, key: string, value: T): void {
  const list = map.get(key);
  if (list === undefined) map.set(key, [value]);
  else list.push(value);
}

function compare(a: bigint, b: bigint): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function byStart(a: StoredSpan, b: StoredSpan): number {
  return compare(a.startUnixNano, b.startUnixNano);
}

/** Whole seconds within what a DateTime holds. */
function seconds(ns: bigint): bigint {
  const value = ns / 1_000_000_000n;
  return value < 0n ? 0n : value > 4_294_967_295n ? 4_294_967_295n : value;
}
