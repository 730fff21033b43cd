/** Handlers of API v1: what Grafana's Jaeger data source and Jaeger UI before 2.15 ask. */

import { distinctTraces } from '../stitched/distinct.ts';
import type { ApiOptions } from './api.ts';
import { ParameterError, parseGoInt, parseTraceId } from './go-text.ts';
import { type ApiRequest, type ApiResponse, type V1Error, v1Error, v1Ok } from './http.ts';
import { kindName, missingServiceName, toV1, type V1Trace } from './json-v1.ts';
import { otlpJsonTraces } from './otlp-json.ts';
import { kindParam, storedService, v1Search, v1TraceIds } from './params.ts';

const dayMs = 86_400_000n;

/** Service names as they are shown. */
export async function serviceNames(options: ApiOptions): Promise<string[]> {
  return (await options.reader.services()).map((name) => name || missingServiceName);
}

export async function services(options: ApiOptions, request: ApiRequest): Promise<ApiResponse> {
  const names = await serviceNames(options);
  return v1Ok(names, request.query, { total: names.length });
}

export async function serviceOperations(
  options: ApiOptions,
  request: ApiRequest,
  service: string,
): Promise<ApiResponse> {
  const found = await options.reader.operations(storedService(service));
  const names = [...new Set(found.map((operation) => operation.name))];
  // Jaeger answers null, not [], for a service without operations.
  return v1Ok(names.length === 0 ? null : names, request.query, { total: names.length });
}

export async function operations(options: ApiOptions, request: ApiRequest): Promise<ApiResponse> {
  const service = request.query.get('service') ?? '';
  if (service === '') return v1Error(400, "parameter 'service' is required");
  const kind = kindParam(request.query.get('spanKind'));
  const found = await options.reader.operations(storedService(service), kind);
  const data = found.map((o) => ({ name: o.name, spanKind: kindName(o.kind) }));
  return v1Ok(data, request.query, { total: data.length });
}

async function fetchTraces(
  options: ApiOptions,
  ids: readonly string[],
  query: URLSearchParams,
  hint?: { startNs: bigint; endNs: bigint },
  distinct = false,
): Promise<V1Trace[]> {
  const got = await options.reader.getTraces(ids, hint);
  const traces = distinct ? distinctTraces(got) : got;
  const raw = query.get('raw') === 'true';
  return traces.map((t) => toV1(t, { raw, maxClockSkewNs: options.maxClockSkewNs }));
}

export async function search(options: ApiOptions, request: ApiRequest): Promise<ApiResponse> {
  const { query } = request;
  const wanted = v1TraceIds(query);
  if (wanted.length > 0) {
    if (wanted.length > options.maxTraces) {
      throw new ParameterError(`cannot fetch more than ${options.maxTraces} traces at once`);
    }
    const traces = await fetchTraces(options, wanted, query);
    const found = new Set(traces.map((t) => t.traceID));
    const errors = wanted
      .filter((id) => !found.has(id))
      .map((traceID): V1Error => ({ code: 404, msg: 'trace not found', traceID }));
    return v1Ok(traces, query, { errors });
  }
  const parsed = v1Search(query, options.nowNs(), options);
  const { traces: found, truncated } = await options.reader.findTraces(parsed);
  const ids = found.map((trace) => trace.traceId);
  const data = ids.length === 0 ? [] : await fetchTraces(options, ids, query, bounds(found), true);
  return v1Ok(data, query, truncated ? { total: data.length, limit: parsed.limit } : {});
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

export async function trace(
  options: ApiOptions,
  request: ApiRequest,
  id: string,
): Promise<ApiResponse> {
  const traceId = parseTraceId(id);
  const traces = await fetchTraces(options, [traceId], request.query, hintOf(request.query));
  if (traces.length === 0) return v1Error(404, 'trace not found');
  return v1Ok(traces, request.query);
}

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
  const traces = otlpJsonTraces(request.body);
  const { maxClockSkewNs } = options;
  return v1Ok(
    traces.map((t) => toV1(t, { raw: true, maxClockSkewNs })),
    request.query,
  );
}

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
  const found = await options.reader.dependencies(startNs, end * 1_000_000n);
  const only = request.query.get('service') ?? '';
  const shown = found.map((d) => ({
    parent: d.parent || missingServiceName,
    child: d.child || missingServiceName,
    callCount: d.callCount,
  }));
  const data = shown.filter((d) => only === '' || d.parent === only || d.child === only);
  return v1Ok(data, request.query);
}

export async function minStep(_options: ApiOptions, request: ApiRequest): Promise<ApiResponse> {
  return v1Ok(1000, request.query);
}

export async function metrics(): Promise<ApiResponse> {
  return v1Error(501, 'metrics querying is currently disabled');
}
