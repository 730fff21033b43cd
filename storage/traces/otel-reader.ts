import { tableName } from '../schema/table.ts';
import { quoteString, rowsOf, type SqlClient, SqlError } from '../sql.ts';
import { inTurns } from '../steps.ts';
import { type CallOptions, type Deadline, runCall, tooManySpans } from './calls.ts';
import type { StoredSpan, StoredTrace } from './model.ts';
import { serviceName } from './model.ts';
import { findNewest, foundTraces } from './newest.ts';
import { inOrder, newestFirst } from './order.ts';
import { kindNames, kindOf, OtelSpans, otelColumns } from './otel-rows.ts';
import { otelCondition, otelTime } from './otel-search.ts';
import type {
  Dependency,
  FoundTraces,
  GetTracesOptions,
  Operation,
  TraceQuery,
  TraceReader,
} from './reader.ts';
import { eachRow, RowBinaryReader } from './row-binary.ts';
import { summarize } from './summaries.ts';

/** Where the tables are, and limits of a call. */
export interface OtelReaderOptions {
  readonly client: SqlClient;
  readonly database: string;
  /** Name of the traces table; `otel_traces` unless given. */
  readonly table?: string;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** Time for one call, over all its statements; 8,000 ms unless given. */
  readonly timeoutMs?: number;
  /** Spans of one trace that are given back; 100,000 unless given. */
  readonly maxSpansPerTrace?: number;
}

/** Rows that a list of services or operations has at most. */
const maxNames = 100_000;

/**
 * Traces out of the contrib exporter's tables, all versions: types of attributes, flags, dropped
 * counts and schema URLs are not in them and come back as strings, 0 and ''.
 */
export function createOtelReader(options: OtelReaderOptions): TraceReader {
  return new OtelReader(options);
}

/** Milliseconds that a look at the table may hold a start up. */
const lookMs = 2_000;

/**
 * Looks once whether a table can be read, so that not every query has to fail. A server that is
 * away, or a table that is not there yet, tells nothing.
 * @throws Error when its attributes are JSON
 */
export async function checkOtelTable(
  client: SqlClient,
  options: Pick<OtelReaderOptions, 'database' | 'table'>,
): Promise<void> {
  const table = options.table ?? 'otel_traces';
  const sql = `DESCRIBE TABLE ${tableName(options, table)}`;
  type Column = { name: string; type: string };
  const columns = await rowsOf<Column>(client, sql, { timeoutMs: lookMs }).catch(() => []);
  const json = columns.find(({ type }) => /^(JSON|Object\()/.test(type));
  if (json === undefined) return;
  throw new Error(
    `cannot read traces out of table ${table} of database ${JSON.stringify(options.database)}: its ` +
      `column ${json.name} is of type ${json.type}; tables with attributes as JSON (json: true) are ` +
      'not supported, only those with Map columns',
  );
}

class OtelReader implements TraceReader {
  readonly #client: SqlClient;
  readonly #calls: CallOptions;
  readonly #spans: string;
  readonly #times: string;
  readonly #maxSpans: number;

  constructor(options: OtelReaderOptions) {
    const table = options.table ?? 'otel_traces';
    this.#client = options.client;
    this.#calls = { now: options.now, timeoutMs: options.timeoutMs ?? 8_000 };
    this.#spans = tableName(options, table);
    this.#times = tableName(options, `${table}_trace_id_ts`);
    this.#maxSpans = options.maxSpansPerTrace ?? 100_000;
  }

  services(): Promise<readonly string[]> {
    return runCall(this.#calls, [], async (deadline) => {
      const sql = `SELECT DISTINCT ServiceName AS name FROM ${this.#spans}
        ORDER BY name LIMIT ${maxNames}`;
      const rows = await rowsOf<{ name: string }>(this.#client, sql, deadline());
      return rows.map((row) => row.name);
    });
  }

  operations(service: string, kind?: number): Promise<readonly Operation[]> {
    return runCall(this.#calls, [], async (deadline) => {
      const names = kindNames(kind ?? 0)
        .map(quoteString)
        .join(', ');
      const ofKind = kind === undefined ? '' : ` AND SpanKind IN (${names})`;
      const sql = `SELECT DISTINCT SpanName AS name, SpanKind AS kind FROM ${this.#spans}
        WHERE ServiceName = ${quoteString(service)}${ofKind} ORDER BY name, kind LIMIT ${maxNames}`;
      const rows = await rowsOf<{ name: string; kind: string }>(this.#client, sql, deadline());
      const found = rows.map((row) => ({ name: row.name, kind: kindOf(row.kind) }));
      return found.sort((a, b) => (a.name === b.name ? a.kind - b.kind : a.name < b.name ? -1 : 1));
    });
  }

  findTraces(query: TraceQuery): Promise<FoundTraces> {
    return runCall<FoundTraces>(this.#calls, { traces: [], truncated: false }, async (deadline) => {
      const condition = otelCondition(query);
      const found = await findNewest(query, async (window, wanted) => {
        const sql = `SELECT TraceId AS id FROM ${this.#spans}
          WHERE TraceId != '' AND ${otelTime(window)} AND ${condition}
          GROUP BY TraceId ORDER BY max(Timestamp) DESC, TraceId LIMIT ${wanted}`;
        const rows = await rowsOf<{ id: string }>(this.#client, sql, deadline());
        return rows.map((row) => row.id.toLowerCase());
      });
      return foundTraces(found, query, async (ids) => {
        const byId = await this.#spansOf(ids, deadline);
        const traces = [...byId].map(([id, spans]) => summarize(id, spans.map(slim)));
        return newestFirst(traces);
      });
    });
  }

  getTraces(
    ids: readonly string[],
    { maxSpans, signal }: GetTracesOptions = {},
  ): Promise<readonly StoredTrace[]> {
    const read = async (deadline: Deadline): Promise<readonly StoredTrace[]> => {
      const byId = await this.#spansOf(ids, deadline, maxSpans);
      const traces: StoredTrace[] = [];
      for (const traceId of new Set(ids)) {
        const found = byId.get(traceId);
        if (found === undefined) continue;
        const some = found.slice(0, Math.min(this.#maxSpans, maxSpans ?? this.#maxSpans));
        const spans = await inTurns(inOrder(some), signal);
        traces.push({ traceId, spans, truncated: found.length > spans.length });
      }
      return traces;
    };
    return runCall(this.#calls, [], read, signal);
  }

  /** Calls counted over the spans themselves: these tables have no edges. */
  dependencies(startNs: bigint, endNs: bigint): Promise<readonly Dependency[]> {
    return runCall(this.#calls, [], async (deadline) => {
      const time = otelTime({ fromNs: startNs, toNs: endNs });
      const sql = `SELECT p.ServiceName AS parent, c.ServiceName AS child, count() AS n
        FROM (SELECT TraceId, SpanId, ServiceName FROM ${this.#spans} WHERE ${time}) AS p
        GLOBAL INNER JOIN (SELECT TraceId, ParentSpanId, ServiceName FROM ${this.#spans}
          WHERE ${time} AND ParentSpanId != '') AS c
        ON c.TraceId = p.TraceId AND c.ParentSpanId = p.SpanId
        WHERE parent != child GROUP BY parent, child ORDER BY parent, child LIMIT ${maxNames}`;
      type Row = { parent: string; child: string; n: string };
      const rows = await rowsOf<Row>(this.#client, sql, deadline());
      return rows.map(({ parent, child, n }) => ({ parent, child, callCount: Number(n) }));
    });
  }

  /** Whole traces; the time table narrows what is read, a trace it lacks is found by its index. */
  async #spansOf(
    ids: readonly string[],
    deadline: Deadline,
    maxSpans?: number,
  ): Promise<Map<string, StoredSpan[]>> {
    const byId = new Map<string, StoredSpan[]>();
    if (ids.length === 0) return byId;
    const list = ids.map(quoteString).join(', ');
    const times = `SELECT min(Start) AS s, max(End) AS e, uniqExact(TraceId) AS n
      FROM ${this.#times} WHERE TraceId IN (${list})`;
    type Times = { s: string; e: string; n: string };
    const [found] = await rowsOf<Times>(this.#client, times, deadline()).catch(noTable);
    const known = Number(found?.n ?? 0) === new Set(ids).size;
    const range = known
      ? ` AND Timestamp >= toDateTime(${quoteString(found!.s)})
          AND Timestamp <= toDateTime(${quoteString(found!.e)}) + 1`
      : '';
    const sql = `SELECT ${otelColumns} FROM ${this.#spans} WHERE TraceId IN (${list})${range}
      LIMIT ${this.#maxSpans + 1} BY TraceId
      ${maxSpans === undefined ? '' : `LIMIT ${maxSpans + 1}`}`;
    const options = deadline();
    const r = new RowBinaryReader(await this.#client.query(sql, options));
    const rows = new OtelSpans();
    let count = 0;
    const steps = eachRow(r, () => {
      count += 1;
      if (maxSpans !== undefined && count > maxSpans && ids.length > 1)
        throw tooManySpans(maxSpans);
      const span = rows.read(r);
      const spans = byId.get(span.traceId);
      if (spans === undefined) byId.set(span.traceId, [span]);
      else spans.push(span);
    });
    await inTurns(steps, options.signal);
    return byId;
  }
}

const unknownTable = 60;

/** Tables of other writers may come without the table of times. */
function noTable(error: unknown): [] {
  if (error instanceof SqlError && error.code === unknownTable) return [];
  throw error;
}

function slim(span: StoredSpan) {
  return { ...span, service: serviceName(span.resource), error: span.statusCode === 2 };
}
