/** Routes that show one trace. */
import type { TraceReader } from '../../../storage/traces/reader.ts';
import type {
  FindAnswer,
  RowsAnswer,
  RowsRequest,
  SpanDetails,
  TraceGrowth,
  TraceOperations,
  TraceOutline,
  TraceSql,
} from '../contract/trace.ts';
import { flagOf } from '../params.ts';
import { type WebAnswer, WebError, type WebRequest, type WebRoute } from '../route.ts';
import { detailsOf, missingDetails } from './details.ts';
import type { OpenTrace } from './open-trace.ts';
import { operationsOf } from './operations.ts';
import { spanJson, traceJson } from './otlp-export.ts';
import { outlineOf } from './outline.ts';
import { findRequest, indexOf, rowsRequest, spanIdOf, traceIdOf, versionOf } from './params.ts';
import { toRow } from './rows.ts';
import { type SpanTable, traceSql } from './sql.ts';
import { TraceCache } from './trace-cache.ts';
import { locate, nearestMatches, rowsAbove } from './visible.ts';

interface TraceRoutesOptions {
  /** Gives whole traces, joined where that is wanted. */
  readonly reader: TraceReader;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** What the reader reads, for SQL that shows the same. */
  readonly table: SpanTable;
  /** Bytes of opened traces that are kept, roughly; 128 MiB unless given. */
  readonly maxBytes?: number;
}

/** `/api/v1/traces/:id` and what is below it; query/web/contract/trace.ts says what they answer. */
export function traceRoutes(options: TraceRoutesOptions): readonly WebRoute[] {
  const { reader, now, table, maxBytes } = options;
  const cache = new TraceCache({ reader, now, ...(maxBytes === undefined ? {} : { maxBytes }) });
  const path = '/api/v1/traces/:id';
  const id = (request: WebRequest): string => traceIdOf(request.params.id ?? '');
  const asked = (request: WebRequest): Promise<OpenTrace> =>
    cache.at(id(request), versionOf(request.query), flagOf(request.query, 'adjust'));
  const get = (more: string, answer: (request: WebRequest) => Promise<unknown>): WebRoute => {
    return { method: 'GET', path: path + more, handle: async (r) => ({ json: await answer(r) }) };
  };
  return [
    get('', (request) => outline(cache, id(request), request.query, now)),
    get('/growth', (request) => growth(cache, id(request), request.query)),
    get('/operations', async (request): Promise<TraceOperations> => {
      const trace = await asked(request);
      return { version: trace.version, ...operationsOf(trace.layout) };
    }),
    get('/spans/:index', async (request) => {
      const index = indexOf(request.params.index ?? '');
      return details(await asked(request), index);
    }),
    get('/sql', async (request): Promise<TraceSql> => {
      const spanId = spanIdOf(request.query.get('span')) || undefined;
      const { ids, firstNs, lastNs } = await asked(request);
      return { sql: traceSql(table, { ids, firstNs, lastNs, spanId }) };
    }),
    {
      method: 'POST',
      path: `${path}/rows`,
      async handle(request) {
        const body = rowsRequest(request.body);
        const trace = await cache.at(id(request), body.version, body.adjust === true);
        return { json: await rows(trace, body) };
      },
    },
    {
      method: 'POST',
      path: `${path}/find`,
      async handle(request) {
        const body = findRequest(request.body);
        const trace = await cache.at(id(request), body.version, body.adjust === true);
        return { json: await find(trace, body) };
      },
    },
    {
      method: 'GET',
      path: `${path}/json`,
      async handle(request) {
        const spanId = spanIdOf(request.query.get('span'));
        return json(await asked(request), spanId);
      },
    },
  ];
}

async function outline(
  cache: TraceCache,
  id: string,
  query: URLSearchParams,
  now: () => number,
): Promise<TraceOutline> {
  const focus = spanIdOf(query.get('span'));
  const options = { adjust: flagOf(query, 'adjust'), fresh: flagOf(query, 'fresh') };
  const trace = await cache.open(id, options);
  const { ids, version, truncated, adjusted, layout } = trace;
  const nowUnixNano = `${Math.floor(now())}000000`;
  return outlineOf(layout, { traceId: id, ids, version, truncated, adjusted, nowUnixNano, focus });
}

async function growth(cache: TraceCache, id: string, query: URLSearchParams): Promise<TraceGrowth> {
  const known = cache.kept(id, versionOf(query));
  const { version, spanCount } = await cache.open(id, { adjust: flagOf(query, 'adjust') });
  const more = known === undefined ? 0 : Math.max(0, spanCount - known.spanCount);
  return { version, spanCount, more };
}

async function rows(trace: OpenTrace, request: RowsRequest): Promise<RowsAnswer> {
  const { version, layout, critical } = trace;
  const { offset, limit } = request;
  const none = { version, offset, rows: [], total: 0, matches: 0 };
  if (version !== request.version) return { ...none, previousMatch: null, nextMatch: null };
  const filter = request.filter ?? {};
  const matches = await trace.matches(filter);
  const { order = 'tree', collapse = { toggled: [] } } = request;
  const only = request.only === true ? matches : undefined;
  const visible = trace.visible({ order, collapse, only }, JSON.stringify(filter));
  const part = visible.rows.subarray(offset, offset + limit);
  const near =
    matches === undefined
      ? { previous: null, next: null }
      : nearestMatches(layout, visible, matches, { from: offset, to: offset + limit });
  const located =
    request.locate === undefined || request.locate >= layout.count
      ? {}
      : { located: locate(layout, visible, request.locate) };
  return {
    version,
    offset,
    rows: Array.from(part, (i) =>
      toRow(layout, critical, i, {
        shut: visible.shut[i] === 1,
        match: matches?.row[i] === 1,
      }),
    ),
    total: visible.rows.length,
    matches: matches?.total ?? 0,
    previousMatch: near.previous,
    nextMatch: near.next,
    ...located,
  };
}

async function find(
  trace: OpenTrace,
  { version, filter, from, direction }: ReturnType<typeof findRequest>,
): Promise<FindAnswer> {
  const none = { version: trace.version, index: null, above: [], ordinal: 0, total: 0 };
  const matches = await trace.matches(filter);
  if (matches === undefined || matches.total === 0 || version !== trace.version) return none;
  const { row, total } = matches;
  const index =
    direction === 'next'
      ? row.indexOf(1, from + 1)
      : from <= 0
        ? -1
        : row.lastIndexOf(1, Math.min(from, row.length) - 1);
  const wrapped = index !== -1 ? index : direction === 'next' ? row.indexOf(1) : row.lastIndexOf(1);
  let ordinal = 0;
  for (let i = 0; i <= wrapped; i++) ordinal += row[i]!;
  const above = rowsAbove(trace.layout.parent, wrapped);
  return { version: trace.version, index: wrapped, above, ordinal, total };
}

async function details(trace: OpenTrace, index: number): Promise<SpanDetails> {
  const { layout, critical, version, traceId } = trace;
  if (index >= layout.count) {
    const message = `the trace has ${layout.count} rows: there is no row ${index}`;
    throw new WebError('not_found', message, 'Reload the trace: it may have changed.');
  }
  const row = toRow(layout, critical, index, { shut: false, match: false });
  const span = layout.span[index]!;
  if (span === -1) return missingDetails(version, traceId, row);
  const packed = await trace.packed();
  const above = layout.parent[index]!;
  const parentIndex = above === -1 ? null : above;
  const group = packed.group(span);
  return detailsOf({ version, row, parentIndex, json: packed.json(span), group });
}

async function json(trace: OpenTrace, spanId: string): Promise<WebAnswer> {
  const contentType = 'application/json';
  const packed = await trace.packed();
  if (spanId === '') {
    const fileName = `trace-${trace.traceId}.json`;
    return { chunks: traceJson(packed), contentType, fileName };
  }
  const index = trace.layout.spanIds.indexOf(spanId);
  const span = trace.layout.span[index] ?? -1;
  if (span === -1)
    throw new WebError('not_found', `the trace has no span ${JSON.stringify(spanId)}`);
  return { text: spanJson(packed.json(span), packed.group(span)), contentType };
}
