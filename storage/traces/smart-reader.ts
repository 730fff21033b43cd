import { tableName } from '../schema/table.ts';
import { rowsOf, type SqlClient } from '../sql.ts';
import { aliasGroups, hasAlias, inParts } from './aliases.ts';
import { type Binder, literals, Params } from './bind.ts';
import { type CallOptions, type Deadline, runCall } from './calls.ts';
import { conditionsOf, Dictionaries } from './dictionaries.ts';
import {
  type Locations,
  type Locator,
  locatedCondition,
  locateStatement,
  locatingCondition,
  readLocations,
  type TraceLocation,
} from './locate.ts';
import type { StoredSpan, StoredTrace } from './model.ts';
import { type FoundIds, findNewest, foundTraces, type SearchWindow } from './newest.ts';
import { OwnTable } from './own-table.ts';
import { firstWindow, PartList } from './parts.ts';
import type {
  Dependency,
  FoundTraces,
  Operation,
  TraceQuery,
  TraceReader,
  TraceSummary,
} from './reader.ts';
import { RowBinaryReader } from './row-binary.ts';
import {
  searchBranches,
  searchStatement,
  type TagSets,
  timeCondition,
  type Window,
} from './search.ts';
import { resourceOf, SetCache, scopeOf } from './sets.ts';
import {
  readSpanRow,
  readUsualSpanRow,
  type SpanRow,
  spanColumns,
  usualSpanColumns,
} from './span-row.ts';
import { readSlimSpan, type SlimSpan, slimColumns, summarize } from './summaries.ts';
import { fieldTag } from './tags.ts';

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
    this.#own = new OwnTable(options.database, this.#table('spans'));
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
        GROUP BY client, server ORDER BY client, server LIMIT ${maxNames}`;
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

  getTraces(ids: readonly string[]): Promise<readonly StoredTrace[]> {
    return runCall(this.#calls, [], async (deadline) => {
      const traces: StoredTrace[] = [];
      for (const some of inParts(ids)) traces.push(...(await this.#traces(some, deadline)));
      return traces;
    });
  }

  async #traces(ids: readonly string[], deadline: Deadline): Promise<readonly StoredTrace[]> {
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
  }

  /** Rows of the traces and of what was joined with them, by their own trace id. */
  async #spansOf(ids: readonly string[], deadline: Deadline): Promise<Spans> {
    const [id] = ids;
    if (ids.length === 1 && id !== undefined) {
      const bind = new Params();
      const flag = this.#joinedFlag(ids, bind);
      const condition = (locator: Locator) => locatingCondition(locator, id, bind);
      const byId = await this.#rows(condition, bind, deadline, { flag });
      if (!flag.on && byId.size > 0) return { groups: new Map(), byId };
    }
    const { groups, locations } = await this.#locate(ids, deadline);
    if (locations.length === 0) return { groups, byId: new Map() };
    const bind = bindFor(locations.length);
    const condition = locatedCondition(locations, bind);
    return {
      groups,
      byId: await this.#rows(() => condition, bind, deadline, { settings: noProjections }),
    };
  }

  /** Rows of the spans: those with something in the rare columns by a statement of their own. */
  async #rows(
    conditionBy: (locator: Locator) => string,
    bind: Binder,
    deadline: Deadline,
    { settings = {}, flag }: { settings?: object; flag?: Flag },
  ): Promise<Map<string, SpanRow[]>> {
    const select = async (columns: string, condition: string, more: object) => {
      const sql = `SELECT ${columns} FROM ${this.#table('spans')} WHERE ${condition}
      LIMIT ${this.#maxSpans + 1} BY trace_id`;
      return new RowBinaryReader(await this.#query(sql, bind, deadline, more));
    };
    const byId = new Map<string, SpanRow[]>();
    const take = (row: SpanRow): void => append(byId, row.span.traceId, row);
    const extra = flag === undefined ? '' : `, ${flag.column}`;
    const readExtra = (r: RowBinaryReader): void => {
      if (flag !== undefined) flag.on = r.uint8() !== 0;
    };
    return this.#own.use(
      async (locator) => {
        const condition = conditionBy(locator);
        const r = await select(`${usualSpanColumns}${extra}`, condition, noProjections);
        let rare = false;
        while (!r.done) {
          const row = readUsualSpanRow(r);
          readExtra(r);
          if (row === undefined) rare = true;
          else take(row);
        }
        if (!rare) return byId;
        const more = await select(spanColumns, `${condition} AND rare != 0`, noProjections);
        while (!more.done) take(readSpanRow(more));
        return byId;
      },
      async (locator) => {
        byId.clear();
        const r = await select(`${spanColumns}${extra}`, conditionBy(locator), settings);
        while (!r.done) {
          take(readSpanRow(r));
          readExtra(r);
        }
        return byId;
      },
    );
  }

  #query(sql: string, bind: Binder, deadline: Deadline, more = {}): Promise<Uint8Array> {
    const params = bind instanceof Params ? bind.values : {};
    const options = deadline();
    return this.#client.query(sql, {
      ...options,
      settings: { ...options.settings, ...more },
      params,
    });
  }

  #aliases(ids: readonly string[], deadline: Deadline): Promise<Map<string, Set<string>>> {
    const table = this.#table('trace_alias');
    return aliasGroups(this.#client, table, ids, deadline().timeoutMs);
  }

  /** A column that tells whether any of the ids was joined: no statement of its own for most. */
  #joinedFlag(ids: readonly string[], bind: Binder): Flag {
    return { column: hasAlias(this.#table('trace_alias'), ids, bind), on: false };
  }

  /** Where all spans of the traces are, and of what was joined with them. */
  async #locate(ids: readonly string[], deadline: Deadline): Promise<Located> {
    const own = [...new Set(ids)];
    const { locations, joined } = await this.#locations(own, deadline);
    if (!joined && locations.length > 0) return { groups: new Map(), locations };
    const groups = await this.#aliases(own, deadline);
    const known = new Set(own);
    const others = [...groups.keys()].filter((id) => !known.has(id));
    if (others.length === 0) return { groups, locations };
    const more = await this.#locations(others, deadline);
    return { groups, locations: [...locations, ...more.locations] };
  }

  async #locations(ids: readonly string[], deadline: Deadline): Promise<Locations> {
    const parts: Locations[] = [];
    for (const some of inParts(ids)) parts.push(await this.#locationsOf(some, deadline));
    return {
      locations: parts.flatMap(({ locations }) => locations),
      joined: parts.some(({ joined }) => joined),
    };
  }

  async #locationsOf(ids: readonly string[], deadline: Deadline): Promise<Locations> {
    const bind = bindFor(ids.length);
    const { column } = this.#joinedFlag(ids, bind);
    const locate = async (locator: Locator) => {
      const sql = locateStatement(locator, ids, { bind, joined: column });
      return readLocations(await this.#query(sql, bind, deadline), ids);
    };
    return this.#own.use(locate, locate);
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
    const indexed = bare.some(({ tag }) => fieldTag(tag[0], tag[1], literals) === undefined);
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

  async #summaries(ids: readonly string[], deadline: Deadline): Promise<TraceSummary[]> {
    if (ids.length === 0) return [];
    const { groups, locations } = await this.#locate(ids, deadline);
    if (locations.length === 0) return [];
    const byId = new Map<string, SlimSpan[]>();
    for (const some of inParts(locations)) {
      const bind = bindFor(some.length);
      const condition = locatedCondition(some, bind);
      const sql = `SELECT ${slimColumns} FROM ${this.#table('spans')} WHERE ${condition}
        LIMIT ${this.#maxSpans} BY trace_id`;
      const r = new RowBinaryReader(await this.#query(sql, bind, deadline, noProjections));
      while (!r.done) {
        const span = readSlimSpan(r);
        append(byId, span.traceId, span);
      }
    }
    const summaries: TraceSummary[] = [];
    const seen = new Set<string>();
    for (const id of ids) {
      if (seen.has(id)) continue;
      const members = [...(groups.get(id) ?? [id])];
      for (const member of members) seen.add(member);
      const spans = members.flatMap((member) => byId.get(member) ?? []);
      if (spans.length === 0) continue;
      const summary = summarize(id, spans);
      summaries.push(members.length > 1 ? { ...summary, joined: true } : summary);
    }
    return summaries.sort((a, b) => compare(b.startUnixNano, a.startUnixNano));
  }
}

/** For statements that no projection can answer, so that none is looked at. */
const noProjections = { optimize_use_projections: 0 };

/** Few ids make texts that come again; many would only make long lists of parameters. */
const maxBoundIds = 50;

function bindFor(ids: number): Binder {
  return ids > maxBoundIds ? literals : new Params();
}

interface Spans {
  readonly groups: Map<string, Set<string>>;
  readonly byId: Map<string, SpanRow[]>;
}

/** A column of its own beside those of a span, and whether it was true. */
interface Flag {
  readonly column: string;
  on: boolean;
}

interface Located {
  /** Ids that belong together, by each of them; an id without alias is not in it. */
  readonly groups: Map<string, Set<string>>;
  readonly locations: readonly TraceLocation[];
}

function append<T>(map: Map<string, T[]>, key: string, value: T): void {
  const list = map.get(key);
  if (list === undefined) map.set(key, [value]);
  else list.push(value);
}

function compare(a: bigint, b: bigint): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** Spans that start together by id, so that an answer is the same each time. */
function byStart(a: StoredSpan, b: StoredSpan): number {
  return compare(a.startUnixNano, b.startUnixNano) || (a.spanId < b.spanId ? -1 : 1);
}

/** Whole seconds within what a DateTime holds. */
function seconds(ns: bigint): bigint {
  const value = ns / 1_000_000_000n;
  return value < 0n ? 0n : value > 4_294_967_295n ? 4_294_967_295n : value;
}
