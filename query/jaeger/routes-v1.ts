/** Handlers of API v1: what Grafana's Jaeger data source and Jaeger UI before 2.15 ask. */
import { WireError } from '../../pdata/wire-error.ts';
import { inTurns } from '../../storage/steps.ts';
import type { StoredTrace } from '../../storage/traces/model.ts';
import type { Dependency } from '../../storage/traces/reader.ts';
import { findJoined } from '../find-joined.ts';
import { otlpJsonSteps } from '../shown/stored-from-otlp.ts';
import {
  begun,
  type Wanted,
  WholeTraces,
  type WholeTracesOptions,
  withinSpans,
} from '../whole-traces.ts';
import type { ApiOptions } from './api.ts';
import { ParameterError, parseGoInt, parseTraceId } from './go-text.ts';
import {
  type ApiRequest,
  type ApiResponse,
  type V1Error,
  v1Error,
  v1Ok,
  v1Traces,
} from './http.ts';
import type { Entries } from './json-text.ts';
import { kindName, missingServiceName, v1Trace } from './json-v1.ts';
import { kindParam, storedService, v1Search, v1TraceIds } from './params.ts';

const dayMs = 86_400_000n;

/** Service names as they are shown. */
export async function serviceNames(options: ApiOptions): Promise<string[]> {
  return (await options.reader.services()).map((name) => name || missingServiceName);
}

/** Calls between services as their names are shown; times are nanoseconds since 1970. */
export async function calls(
  { reader }: ApiOptions,
  startNs: bigint,
  endNs: bigint,
): Promise<Dependency[]> {
  const found = await reader.dependencies(startNs, endNs);
  return found.map(({ parent, child, callCount }) => ({
    parent: parent || missingServiceName,
    child: child || missingServiceName,
    callCount,
  }));
}

/** GET /api/services: names, sorted. */
export async function services(options: ApiOptions, request: ApiRequest): Promise<ApiResponse> {
  const names = await serviceNames(options);
  return v1Ok(names, request.query, names.length);
}

/** GET /api/services/{service}/operations: names. */
export async function serviceOperations(
  options: ApiOptions,
  request: ApiRequest,
  service: string,
): Promise<ApiResponse> {
  const found = await options.reader.operations(storedService(service));
  const names = [...new Set(found.map((operation) => operation.name))];
  // Jaeger answers null, not [], for a service without operations.
  return v1Ok(names.length === 0 ? null : names, request.query, names.length);
}

/** GET /api/operations: names and kinds. */
export async function operations(options: ApiOptions, request: ApiRequest): Promise<ApiResponse> {
  const service = request.query.get('service') ?? '';
  if (service === '') return v1Error(400, "parameter 'service' is required");
  const kind = kindParam(request.query.get('spanKind'));
  const found = await options.reader.operations(storedService(service), kind);
  const data = found.map((o) => ({ name: o.name, spanKind: kindName(o.kind) }));
  return v1Ok(data, request.query, data.length);
}

/** How traces are read for one answer. */
export function wholeTraces(
  { reader, maxSpans }: ApiOptions,
  wanted: readonly Wanted[],
  more: Pick<WholeTracesOptions, 'range' | 'distinct' | 'signal'>,
): WholeTraces {
  return new WholeTraces(wanted, { reader, maxSpans, ...more });
}

async function* shown(
  traces: Iterable<StoredTrace> | AsyncIterable<StoredTrace>,
  { maxClockSkewNs }: ApiOptions,
  { signal }: ApiRequest,
  raw: boolean,
): AsyncGenerator<Entries> {
  for await (const trace of traces) yield await v1Trace(trace, { raw, maxClockSkewNs }, signal);
}

const isRaw = (query: URLSearchParams): boolean => query.get('raw') === 'true';

/** GET /api/traces: by a search, newest first, or by `traceID=`. */
export async function search(options: ApiOptions, request: ApiRequest): Promise<ApiResponse> {
  const { query, signal } = request;
  const ids = v1TraceIds(query);
  if (ids.length > 0) return multiGet(options, request, new Set(ids));
  const parsed = v1Search(query, options.nowNs(), options);
  const found = await findJoined(options.reader, parsed);
  const wanted = withinSpans(found.traces, options.maxSpans);
  const range = bounds(wanted);
  const reading = wholeTraces(options, wanted, { range, distinct: true, signal });
  const traces = (await begun(reading.read())) ?? [];
  const fewer = found.truncated || wanted.length < found.traces.length;
  const limited = (): boolean => fewer || reading.leftOut.length > 0;
  return v1Traces(shown(traces, options, request, isRaw(query)), query, {
    total: () => (limited() ? reading.count : 0),
    limit: () => (limited() ? parsed.limit : 0),
    cutOff: () => fewer || reading.cutOff,
  });
}

/** Traces by their ids, and of each that is not answered why. */
async function multiGet(
  options: ApiOptions,
  request: ApiRequest,
  ids: ReadonlySet<string>,
): Promise<ApiResponse> {
  const { query, signal } = request;
  if (ids.size > options.maxTraces) {
    throw new ParameterError(`cannot fetch more than ${options.maxTraces} traces at once`);
  }
  const wanted = Array.from(ids, (traceId) => ({ traceId }));
  const reading = wholeTraces(options, wanted, { distinct: false, signal });
  const missing = new Set(ids);
  const seen = async function* (traces: AsyncIterable<StoredTrace>): AsyncGenerator<StoredTrace> {
    for await (const trace of traces) {
      missing.delete(trace.traceId);
      yield trace;
    }
  };
  const traces = await begun(seen(reading.read()));
  const msg = `trace left out: the answer has ${options.maxSpans} spans without it`;
  return v1Traces(shown(traces ?? [], options, request, isRaw(query)), query, {
    errors: () => {
      const leftOut = new Set(reading.leftOut);
      return Array.from(missing, (traceID): V1Error => {
        if (leftOut.has(traceID)) return { code: 400, msg, traceID };
        return { code: 404, msg: 'trace not found', traceID };
      });
    },
    cutOff: () => reading.cutOff,
  });
}

/** The time range in which all of the found traces lie. */
export function bounds(found: readonly { startUnixNano: bigint; endUnixNano: bigint }[]): {
  startNs: bigint;
  endNs: bigint;
} {
  let startNs = found[0]?.startUnixNano ?? 0n;
  let endNs = startNs;
  for (const trace of found) {
    if (trace.startUnixNano < startNs) startNs = trace.startUnixNano;
    if (trace.endUnixNano > endNs) endNs = trace.endUnixNano;
  }
  return { startNs, endNs };
}

function hintOf(query: URLSearchParams): { startNs: bigint; endNs: bigint } | undefined {
  const start = query.get('start') ?? '';
  const end = query.get('end') ?? '';
  if (start === '' || end === '') return undefined;
  return { startNs: parseGoInt(start) * 1000n, endNs: parseGoInt(end) * 1000n };
}

/** GET /api/traces/{id}; `start` and `end` are microseconds since 1970. */
export async function trace(
  options: ApiOptions,
  request: ApiRequest,
  id: string,
): Promise<ApiResponse> {
  const { query, signal } = request;
  const wanted = [{ traceId: parseTraceId(id) }];
  const range = hintOf(query);
  const reading = wholeTraces(options, wanted, { range, distinct: false, signal });
  const traces = await begun(reading.read());
  if (traces === undefined) return v1Error(404, 'trace not found');
  return v1Traces(shown(traces, options, request, isRaw(query)), query, {
    cutOff: () => reading.cutOff,
  });
}

/** POST /api/archive/{id}: there is no archive. */
export async function archive(
  _options: ApiOptions,
  _request: ApiRequest,
  id: string,
): Promise<ApiResponse> {
  parseTraceId(id);
  return v1Error(500, 'archive span storage was not configured');
}

/** OTLP/JSON (a file that a user opens in the UI) in the form of v1. */
export async function transform(options: ApiOptions, request: ApiRequest): Promise<ApiResponse> {
  const traces = await tracesOf(request);
  return v1Traces(shown(traces, options, request, true), request.query);
}

async function tracesOf({ body, signal }: ApiRequest): Promise<StoredTrace[]> {
  try {
    return await inTurns(otlpJsonSteps(body), signal);
  } catch (error) {
    if (!(error instanceof WireError)) throw error;
    throw new ParameterError(`cannot unmarshal OTLP JSON: ${error.message}`);
  }
}

/** GET /api/dependencies; `endTs` and `lookback` are milliseconds. */
export async function dependencies(options: ApiOptions, request: ApiRequest): Promise<ApiResponse> {
  const ms = (name: string, fallback: bigint): bigint => {
    const text = request.query.get(name) ?? '';
    if (text === '') return fallback;
    try {
      return parseGoInt(text);
    } catch (error) {
      const what = `unable to parse param '${name}': ${(error as Error).message}`;
      throw new ParameterError(what);
    }
  };
  const end = ms('endTs', options.nowNs() / 1_000_000n);
  const lookback = ms('lookback', dayMs);
  const startNs = (end - lookback) * 1_000_000n;
  const shown = await calls(options, startNs, end * 1_000_000n);
  const only = request.query.get('service') ?? '';
  const data = shown.filter((d) => only === '' || d.parent === only || d.child === only);
  return v1Ok(data, request.query);
}

/** GET /api/metrics/minstep: milliseconds. */
export async function minStep(_options: ApiOptions, request: ApiRequest): Promise<ApiResponse> {
  return v1Ok(1000, request.query);
}

/** GET /api/metrics/{what}: refused, as Jaeger does without a storage for it. */
export async function metrics(): Promise<ApiResponse> {
  return v1Error(501, 'metrics querying is currently disabled');
}
