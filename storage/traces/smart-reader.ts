import { tableName } from '../schema/table.ts';
import { rowsOf, type SqlClient } from '../sql.ts';
import { inTurns, Pace, type Steps } from '../steps.ts';
import { aliasGroups, hasAlias, inParts } from './aliases.ts';
import { type Binder, bindFor, literals, Params, paramsOf } from './bind.ts';
import { type CallOptions, type Deadline, runCall, tooManySpans } from './calls.ts';
import { conditionsOf, Dictionaries } from './dictionaries.ts';
import { asksSets, isNegative } from './filters.ts';
import { type Locator, locatedCondition } from './locate.ts';
import type { StoredSpan, StoredTrace } from './model.ts';
import { type FoundIds, findNewest, foundTraces, type SearchWindow } from './newest.ts';
import { inOrder, newestFirst } from './order.ts';
import { OwnTable, placesComplete } from './own-table.ts';
import { firstWindow, PartList } from './parts.ts';
import type {
  Dependency,
  FoundTraces,
  GetTracesOptions,
  Operation,
  TraceQuery,
  TraceReader,
  TraceSummary,
} from './reader.ts';
import { eachRow, RowBinaryReader } from './row-binary.ts';
import {
  searchBranches,
  searchStatement,
  type TagSets,
  timeCondition,
  type Window,
} from './search.ts';
import { type Resolved, resourceOf, SetCache, scopeOf } from './sets.ts';
import {
  readSpanRow,
  readUsualSpanRow,
  type SpanRow,
  spanColumns,
  usualSpanColumns,
} from './span-row.ts';
import { readSlimSpan, type SlimSpan, slimColumns, summarize } from './summaries.ts';
import { fieldTag } from './tags.ts';

/** Where the tables are, and limits of a call. */
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

/** Spans that one call may still bring. */
interface Room {
  left: number;
  /** What the caller has room for in all. */
  readonly most: number;
  /** What has no room is cut off; otherwise it ends the call. */
  readonly cuts: boolean;
  readonly signal: AbortSignal | undefined;
}

/** Of which spans a statement selects. */
interface Selected {
  readonly ids: readonly string[];
  readonly locator: Locator;
  readonly deadline: Deadline;
  /** '' or a LIMIT of all rows. */
  readonly end?: string;
}

/** Rows that a list of services or operations has at most. */
const maxNames = 100_000;

/** Traces out of the tables of schema `smart`. */
export function createSmartReader(options: SmartReaderOptions): TraceReader {
  return new SmartReader(options);
}

class SmartReader implements TraceReader {
  readonly #client: SqlClient;
  readonly #calls: CallOptions;
  readonly #maxSpans: number;
  readonly #sets: SetCache;
  readonly #parts: PartList;
  readonly #own: OwnTable;
  readonly #table: (name: string) => string;

  constructor(options: SmartReaderOptions) {
    this.#client = options.client;
    this.#calls = { now: options.now, timeoutMs: options.timeoutMs ?? 8_000 };
    this.#maxSpans = options.maxSpansPerTrace ?? 100_000;
    this.#table = (name) => tableName(options, name);
    this.#parts = new PartList(options.client, options.database, options.now);
    const complete = placesComplete(options.client, options.database, options.now);
    this.#own = new OwnTable(options.database, this.#table('spans'), complete);
    this.#sets = new SetCache(options.client, {
      resources: this.#table('resources'),
      scopes: this.#table('scopes'),
    });
  }

  services(): Promise<readonly string[]> {
    return runCall(this.#calls, [], async (deadline) => {
      const sql = `SELECT DISTINCT service FROM ${this.#table('operations')}
        ORDER BY service LIMIT ${maxNames}`;
      const rows = await rowsOf<{ service: string }>(this.#client, sql, deadline());
      return rows.map((row) => row.service);
    });
  }

  operations(service: string, kind?: number): Promise<readonly Operation[]> {
    return runCall(this.#calls, [], (deadline) => {
      const ofKind = kind === undefined ? '' : ' AND kind = {kind:UInt8}';
      const sql = `SELECT DISTINCT name, kind FROM ${this.#table('operations')}
        WHERE service = {service:String}${ofKind} ORDER BY name, kind LIMIT ${maxNames}`;
      const params = kind === undefined ? { service } : { service, kind };
      return rowsOf<Operation>(this.#client, sql, { ...deadline(), params });
    });
  }

  dependencies(startNs: bigint, endNs: bigint): Promise<readonly Dependency[]> {
    return runCall(this.#calls, [], async (deadline) => {
      const sql = `SELECT client AS parent, server AS child, sum(calls) AS n
        FROM ${this.#table('service_edges')} FINAL
        WHERE minute >= toDateTime(${seconds(startNs)}, 'UTC')
          AND minute <= toDateTime(${seconds(endNs)}, 'UTC')
        GROUP BY client, server HAVING n > 0 ORDER BY client, server LIMIT ${maxNames}`;
      type Row = { parent: string; child: string; n: string };
      const rows = await rowsOf<Row>(this.#client, sql, deadline());
      return rows.map(({ parent, child, n }) => ({ parent, child, callCount: Number(n) }));
    });
  }

  findTraces(query: TraceQuery): Promise<FoundTraces> {
    return runCall<FoundTraces>(this.#calls, { traces: [], truncated: false }, async (deadline) => {
      const found = await this.#search(query, deadline);
      return foundTraces(found, query, (ids) => this.#summaries(ids, deadline));
    });
  }

  getTraces(
    ids: readonly string[],
    { maxSpans: most = Number.POSITIVE_INFINITY, signal }: GetTracesOptions = {},
  ): Promise<readonly StoredTrace[]> {
    const read = async (deadline: Deadline): Promise<readonly StoredTrace[]> => {
      const traces: StoredTrace[] = [];
      const room: Room = { left: most, most, cuts: ids.length === 1, signal };
      for (const some of inParts(ids)) traces.push(...(await this.#traces(some, deadline, room)));
      return traces;
    };
    return runCall(this.#calls, [], read, signal);
  }

  async #traces(
    ids: readonly string[],
    deadline: Deadline,
    room: Room,
  ): Promise<readonly StoredTrace[]> {
    const byId = new Map<string, SpanRow[]>();
    const most = Math.min(this.#maxSpans, room.left);
    const full = (): boolean => {
      let count = 0;
      for (const rows of byId.values()) count += rows.length;
      if (count > room.left && !room.cuts) throw tooManySpans(room.most);
      return count > room.left;
    };
    const groups = await this.#withJoined(ids, deadline, async (some) =>
      full() ? false : this.#rows(some, deadline, byId, room),
    );
    full();
    const rows = [...byId.values()].flat();
    room.left -= rows.length;
    const resolved = await this.#sets.resolve(rows, deadline().timeoutMs);
    const traces: StoredTrace[] = [];
    for (const traceId of new Set(ids)) {
      const members = [...(groups.get(traceId) ?? [traceId])];
      const found = members.flatMap((id) => byId.get(id) ?? []);
      if (found.length === 0) continue;
      const spans = await inTurns(spansOf(found.slice(0, most), resolved), room.signal);
      traces.push({ traceId, spans, truncated: found.length > spans.length });
    }
    return traces;
  }

  /**
   * Reads the spans of the traces and of what was joined with them.
   * @param read reads those of some ids, and tells whether any of these was joined: undefined where
   *   it has found no span that could have told
   * @returns ids that belong together, by each of them; an id without alias is not in it
   */
  async #withJoined(
    ids: readonly string[],
    deadline: Deadline,
    read: (ids: readonly string[]) => Promise<boolean | undefined>,
  ): Promise<Map<string, Set<string>>> {
    const own = new Set(ids);
    const readAll = async (all: Iterable<string>): Promise<boolean> => {
      let joined = false;
      for (const some of inParts([...all])) joined = (await read(some)) !== false || joined;
      return joined;
    };
    if (!(await readAll(own))) return new Map();
    const table = this.#table('trace_alias');
    const groups = await aliasGroups(this.#client, table, [...own], deadline().timeoutMs);
    await readAll([...groups.keys()].filter((id) => !own.has(id)));
    return groups;
  }

  /** Rows of the spans: those with something in the rare columns by a statement of their own. */
  #rows(
    ids: readonly string[],
    deadline: Deadline,
    byId: Map<string, SpanRow[]>,
    { left, signal }: Room,
  ): Promise<boolean | undefined> {
    const end = left === Number.POSITIVE_INFINITY ? '' : `LIMIT ${left + 1}`;
    const take = (row: SpanRow): void => append(byId, row.span.traceId, row);
    return this.#own.use(
      async (locator) => {
        const usual = await this.#select(usualSpanColumns, '', { ids, locator, deadline, end });
        let rare = false;
        const steps = readFlagged(usual, (r) => {
          const row = readUsualSpanRow(r);
          if (row === undefined) rare = true;
          else take(row);
        });
        const joined = await inTurns(steps, signal);
        if (!rare) return joined;
        const asked = { ids, locator, deadline, end };
        const more = await this.#select(spanColumns, 'AND rare != 0', asked);
        const others = readFlagged(more, (r) => take(readSpanRow(r)));
        await inTurns(others, signal);
        return joined;
      },
      async (locator) => {
        for (const id of ids) byId.delete(id);
        const all = await this.#select(spanColumns, '', { ids, locator, deadline, end });
        const steps = readFlagged(all, (r) => take(readSpanRow(r)));
        return inTurns(steps, signal);
      },
    );
  }

  /**
   * Columns of the spans of some traces, and of each whether any of the traces was joined: no
   * statement of its own for what most are not.
   */
  async #select(
    columns: string,
    more: string,
    { ids, locator, deadline, end = '' }: Selected,
  ): Promise<RowBinaryReader> {
    const bind = bindFor(ids.length);
    const joined = hasAlias(this.#table('trace_alias'), ids, bind);
    const sql = `SELECT ${columns}, ${joined} FROM ${this.#table('spans')}
      WHERE ${locatedCondition(locator, ids, bind)} ${more}
      LIMIT ${this.#maxSpans + 1} BY trace_id ${end}`;
    const settings = locator.from === this.#table('spans') ? {} : noProjections;
    return new RowBinaryReader(await this.#query(sql, bind, deadline, settings));
  }

  #query(sql: string, bind: Binder, deadline: Deadline, more = {}): Promise<Uint8Array> {
    const params = paramsOf(bind);
    const options = deadline();
    return this.#client.query(sql, {
      ...options,
      settings: { ...options.settings, ...more },
      params,
    });
  }

  async #search(query: TraceQuery, deadline: Deadline): Promise<FoundIds> {
    const range: Window = { fromNs: query.startMinNs, toNs: query.startMaxNs };
    const asked = conditionsOf(query);
    const dictionaries = new Dictionaries(this.#table, (sql, bind) =>
      this.#query(sql, bind, deadline),
    );
    const resolving = dictionaries.tags(asked.tags);
    resolving.catch(() => {});
    const filters = await dictionaries.filters(asked.filters, range);
    const first = firstWindow(await this.#parts.list(deadline), range);
    const bare = asked.tags.map((tag): TagSets => ({ tag, resources: [], scopes: [] }));
    const indexed =
      bare.some(({ tag }) => fieldTag(tag[0], tag[1], literals) === undefined) ||
      asked.filters.some((filter) => asksSets(filter) && !isNegative(filter));
    const searchWith = (sets: readonly TagSets[], ...rest: Parameters<SearchWindow>) => {
      const bind = new Params();
      const branches = searchBranches(query, sets, bind, filters);
      return this.#searchWindow(branches, bind, deadline, ...rest);
    };
    let tags: readonly TagSets[] | undefined;
    const search: SearchWindow = async (...window) => {
      if (tags !== undefined) return searchWith(tags, ...window);
      // Tags are seldom on a resource, so the first window does not wait for the answer.
      const early = searchWith(bare, ...window);
      early.catch(() => {});
      tags = await resolving;
      const same = tags.every((t) => t.resources.length + t.scopes.length === 0);
      if (same) return early;
      rare.on = false;
      await early.catch(() => {});
      return searchWith(tags, ...window);
    };
    const rare = { on: indexed };
    return findNewest(query, search, { first, rare: () => rare.on });
  }

  /** Ids of the newest traces of one window. */
  async #searchWindow(
    branches: readonly string[],
    bind: Params,
    deadline: Deadline,
    ...[window, wanted, maxRows]: Parameters<SearchWindow>
  ): Promise<readonly string[]> {
    const nowNs = BigInt(Math.floor(this.#calls.now())) * 1_000_000n;
    const time = timeCondition(window, nowNs, bind);
    const sql = searchStatement(this.#table('spans'), branches, time, wanted);
    const options = deadline();
    const limit = maxRows === undefined ? {} : { max_rows_to_read: maxRows };
    const settings = { ...options.settings, ...noProjections, ...limit };
    const bytes = await this.#client.query(sql, { ...options, settings, params: bind.values });
    const r = new RowBinaryReader(bytes);
    const ids: string[] = [];
    while (!r.done) {
      ids.push(r.hex(16));
      r.int64();
    }
    return ids;
  }

  /** A few traces at a time, so that the spans of all never are in memory at once. */
  async #summaries(ids: readonly string[], deadline: Deadline): Promise<TraceSummary[]> {
    const summaries: TraceSummary[] = [];
    const seen = new Set<string>();
    while (true) {
      const some = ids.filter((id) => !seen.has(id)).slice(0, summarizedAtOnce);
      if (some.length === 0) break;
      summaries.push(...(await this.#summariesOf(some, seen, deadline)));
    }
    return newestFirst(summaries);
  }

  /** @param seen ids whose trace has a summary or no spans, themselves or by another id of it */
  async #summariesOf(
    ids: readonly string[],
    seen: Set<string>,
    deadline: Deadline,
  ): Promise<TraceSummary[]> {
    const byId = new Map<string, SlimSpan[]>();
    const take = (r: RowBinaryReader): void => {
      const span = readSlimSpan(r);
      append(byId, span.traceId, span);
    };
    const read = async (locator: Locator, some: readonly string[]) => {
      for (const id of some) byId.delete(id);
      const rows = await this.#select(slimColumns, '', { ids: some, locator, deadline });
      return inTurns(readFlagged(rows, take));
    };
    const groups = await this.#withJoined(ids, deadline, (some) => {
      const readSome = (locator: Locator) => read(locator, some);
      return this.#own.use(readSome, readSome);
    });
    const summaries: TraceSummary[] = [];
    for (const id of ids) {
      if (seen.has(id)) continue;
      const members = [...(groups.get(id) ?? [id])];
      for (const member of members) seen.add(member);
      const spans = members.flatMap((member) => byId.get(member) ?? []);
      if (spans.length === 0) continue;
      const summary = summarize(id, spans);
      summaries.push(members.length > 1 ? { ...summary, joined: true } : summary);
    }
    return summaries;
  }
}

/** Traces whose spans are read together for their summaries. */
const summarizedAtOnce = 50;

/** For statements that no projection can answer, so that none is looked at. */
const noProjections = { optimize_use_projections: 0 };

/** Rows that end with whether any of their traces was joined; undefined where there are none. */
function* readFlagged(
  rows: RowBinaryReader,
  readRow: (r: RowBinaryReader) => void,
): Steps<boolean | undefined> {
  let joined: boolean | undefined;
  yield* eachRow(rows, (r) => {
    readRow(r);
    joined = r.uint8() !== 0;
  });
  return joined;
}

function* spansOf(rows: readonly SpanRow[], resolved: Resolved): Steps<StoredSpan[]> {
  const pace = new Pace();
  const spans: StoredSpan[] = [];
  for (const row of rows) {
    const resource = resourceOf(row, resolved);
    spans.push({ ...row.span, resource, scope: scopeOf(row, resolved) });
    if (pace.due()) yield;
  }
  return yield* inOrder(spans);
}

function append<T>(map: Map<string, T[]>, key: string, value: T): void {
  const list = map.get(key);
  if (list === undefined) map.set(key, [value]);
  else list.push(value);
}

/** Whole seconds within what a DateTime holds. */
function seconds(ns: bigint): bigint {
  const value = ns / 1_000_000_000n;
  return value < 0n ? 0n : value > 4_294_967_295n ? 4_294_967_295n : value;
}
