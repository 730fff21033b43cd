/** Routes of the search screen: `query/web/contract/traces.ts` says what they take and answer. */
import type { TraceReader, TraceSummary } from '../../../storage/traces/reader.ts';
import type { TagKeys, TagReader, TagValues } from '../../../storage/traces/tag-reader.ts';
import { findJoined } from '../../find-joined.ts';
import type {
  FoundTrace,
  FoundTracesAnswer,
  OperationsAnswer,
  ServicesAnswer,
  TagKeysAnswer,
  TagValuesAnswer,
} from '../contract/traces.ts';
import { missing, nameOf, neededName, wholeNumber } from '../params.ts';
import type { WebRoute } from '../route.ts';
import { scopeOf, searchQuery } from './params.ts';

interface SearchRoutesOptions {
  readonly reader: TraceReader;
  readonly tags: TagReader;
  /** Milliseconds since 1970; fractions count. */
  readonly now: () => number;
  /** Largest number of traces of one search. */
  readonly maxTraces: number;
}

/** Names that one answer has at most; browsers choose among them by typing. */
const maxNames = 5_000;
/** Services of one trace that are named. */
const maxServices = 12;
const tagLimit = { least: 1, most: 500, usual: 100 };

/** Routes of the search; nothing is kept between requests. */
export function searchRoutes(options: SearchRoutesOptions): readonly WebRoute[] {
  const { reader, tags } = options;
  return [
    {
      method: 'GET',
      path: '/api/v1/services',
      handle: async () => ({ json: servicesAnswer(await reader.services()) }),
    },
    {
      method: 'GET',
      path: '/api/v1/operations',
      handle: async ({ query }) => {
        const operations = await reader.operations(neededName(query, 'service'));
        return { json: operationsAnswer(operations.map((one) => one.name)) };
      },
    },
    {
      method: 'GET',
      path: '/api/v1/tag-keys',
      handle: async ({ query }) => {
        const limit = wholeNumber(query, 'limit', tagLimit);
        const text = nameOf(query, 'text');
        return { json: keysAnswer(await tags.keys(scopeOf(query)), text, limit) };
      },
    },
    {
      method: 'GET',
      path: '/api/v1/tag-values',
      handle: async ({ query }) => {
        const limit = wholeNumber(query, 'limit', tagLimit);
        // The empty text is a key, too.
        if (!query.has('key')) throw missing('key');
        const text = nameOf(query, 'text');
        const found = await tags.values(nameOf(query, 'key'), scopeOf(query), text);
        return { json: valuesAnswer(found, limit) };
      },
    },
    {
      method: 'GET',
      path: '/api/v1/traces',
      handle: async ({ query }) => ({ json: await search(options, query) }),
    },
  ];
}

async function search(
  { reader, now, maxTraces }: SearchRoutesOptions,
  query: URLSearchParams,
): Promise<FoundTracesAnswer> {
  const began = now();
  const asked = searchQuery(query, maxTraces);
  const { traces, truncated, searchedFromNs } = await findJoined(reader, asked);
  const cut = searchedFromNs !== undefined ? 'time' : truncated ? 'limit' : null;
  return {
    traces: traces.map(foundTrace),
    cut,
    searchedFromUnixNano: searchedFromNs === undefined ? null : String(searchedFromNs),
    startUnixNano: String(asked.startMinNs),
    endUnixNano: String(asked.startMaxNs),
    limit: asked.limit,
    maxLimit: maxTraces,
    tookMs: Math.max(0, Math.round((now() - began) * 10) / 10),
  };
}

function foundTrace(trace: TraceSummary): FoundTrace {
  const services = trace.services
    .map((one) => ({ name: one.name, spans: one.spanCount, errors: one.errorSpanCount }))
    .sort((a, b) => b.spans - a.spans || (a.name < b.name ? -1 : 1));
  return {
    traceId: trace.traceId,
    rootService: trace.rootServiceName,
    rootOperation: trace.rootOperationName,
    startUnixNano: String(trace.startUnixNano),
    durationNs: Number(trace.endUnixNano - trace.startUnixNano),
    spans: trace.spanCount,
    errors: trace.errorSpanCount,
    orphans: trace.orphanSpanCount,
    hasRoot: trace.rootServiceName !== '' || trace.rootOperationName !== '',
    services: services.slice(0, maxServices),
    serviceCount: services.length,
  };
}

function servicesAnswer(names: readonly string[]): ServicesAnswer {
  return { services: names.slice(0, maxNames), truncated: names.length > maxNames };
}

function operationsAnswer(names: readonly string[]): OperationsAnswer {
  const operations = [...new Set(names)];
  return { operations: operations.slice(0, maxNames), truncated: operations.length > maxNames };
}

function keysAnswer({ keys, sampledSpans }: TagKeys, text: string, limit: number): TagKeysAnswer {
  const wanted = text.toLowerCase();
  const rank = (key: string): number => (key.toLowerCase().startsWith(wanted) ? 0 : 1);
  const found = keys
    .filter(({ key }) => key.toLowerCase().includes(wanted))
    .sort((a, b) => rank(a.key) - rank(b.key));
  return { keys: found.slice(0, limit), truncated: found.length > limit, sampledSpans };
}

function valuesAnswer(found: TagValues, limit: number): TagValuesAnswer {
  const { values, sampledSpans } = found;
  const truncated = found.truncated || values.length > limit;
  return { values: values.slice(0, limit), truncated, sampledSpans };
}
