/** Handlers of api_v3: what Jaeger UI 2.15 and later asks. */
import type { TraceSummary } from '../../storage/traces/reader.ts';
import { findJoined } from '../find-joined.ts';
import { begun, type WholeTraces, withinSpans } from '../whole-traces.ts';
import type { ApiOptions } from './api.ts';
import { ParameterError, parseRfc3339, parseTraceId } from './go-text.ts';
import { type ApiRequest, type ApiResponse, v3Error, v3Ok, v3Traces } from './http.ts';
import type { Entries } from './json-text.ts';
import { kindName, missingServiceName } from './json-v1.ts';
import { v3Groups } from './json-v3.ts';
import { kindParam, storedService, v3Raw, v3Search } from './params.ts';
import { bounds, calls, serviceNames, wholeTraces } from './routes-v1.ts';

/** GET /api/v3/services. */
export async function services(options: ApiOptions): Promise<ApiResponse> {
  return v3Ok({ services: await serviceNames(options) });
}

/** GET /api/v3/operations: names and kinds. */
export async function operations(options: ApiOptions, request: ApiRequest): Promise<ApiResponse> {
  const { query } = request;
  const service = query.get('service') ?? '';
  if (service === '') return v3Ok({ operations: [] });
  const kind = kindParam(query.get('span_kind') ?? query.get('spanKind'));
  const found = await options.reader.operations(storedService(service), kind);
  return v3Ok({
    operations: found.map((o) =>
      o.kind === 0 ? { name: o.name } : { name: o.name, spanKind: kindName(o.kind) },
    ),
  });
}

function time(query: URLSearchParams, name: string): bigint | undefined {
  const camel = name.replace(/_t/, 'T');
  const text = query.get(name) ?? query.get(camel) ?? '';
  if (text === '') return undefined;
  try {
    return parseRfc3339(text);
  } catch (error) {
    throw new ParameterError(`malformed parameter ${name}: ${(error as Error).message}`);
  }
}

/** GET /api/v3/traces/{id}; times are RFC 3339. */
export async function trace(
  options: ApiOptions,
  request: ApiRequest,
  id: string,
): Promise<ApiResponse> {
  let traceId: string;
  try {
    traceId = parseTraceId(id);
  } catch (error) {
    return v3Error(400, `malformed parameter trace_id: ${(error as Error).message}`);
  }
  const startNs = time(request.query, 'start_time');
  const endNs = time(request.query, 'end_time');
  const range = startNs === undefined || endNs === undefined ? undefined : { startNs, endNs };
  const { signal } = request;
  const reading = wholeTraces(options, [{ traceId }], { range, distinct: false, signal });
  return answered(reading, options, request, false);
}

/** GET /api/v3/traces: whole traces, newest first. */
export async function search(options: ApiOptions, request: ApiRequest): Promise<ApiResponse> {
  const query = v3Search(request.query, options);
  const found = await findJoined(options.reader, query);
  const wanted = withinSpans(found.traces, options.maxSpans);
  const fewer = found.truncated || wanted.length < found.traces.length;
  const range = bounds(wanted);
  const { signal } = request;
  const reading = wholeTraces(options, wanted, { range, distinct: true, signal });
  return answered(reading, options, request, fewer);
}

/** @param fewer whether more traces were found than are read */
async function answered(
  reading: WholeTraces,
  { maxClockSkewNs }: ApiOptions,
  { query, signal }: ApiRequest,
  fewer: boolean,
): Promise<ApiResponse> {
  const traces = await begun(reading.read());
  if (traces === undefined) return v3Error(404, 'No traces found');
  const options = { raw: v3Raw(query), maxClockSkewNs };
  const groups = async function* (): AsyncGenerator<Entries> {
    for await (const trace of traces) yield* v3Groups(trace, options, signal);
  };
  return v3Traces(groups(), () => fewer || reading.cutOff);
}

/** GET /api/v3/trace-summaries: found traces without their spans. */
export async function summaries(options: ApiOptions, request: ApiRequest): Promise<ApiResponse> {
  const query = v3Search(request.query, options);
  const { traces, truncated } = await findJoined(options.reader, query);
  return v3Ok({ summaries: traces.map(summaryOf) }, truncated);
}

function summaryOf(trace: TraceSummary): Record<string, unknown> {
  const hasRoot = trace.rootServiceName !== '' || trace.rootOperationName !== '';
  return {
    traceId: trace.traceId,
    rootServiceName: trace.rootServiceName || (hasRoot ? missingServiceName : ''),
    rootOperationName: trace.rootOperationName,
    minStartTimeUnixNano: `${trace.startUnixNano}`,
    maxEndTimeUnixNano: `${trace.endUnixNano}`,
    spanCount: trace.spanCount,
    errorSpanCount: trace.errorSpanCount,
    orphanSpanCount: trace.orphanSpanCount,
    services: trace.services.map((s) => ({ ...s, name: s.name || missingServiceName })),
  };
}

/** GET /api/v3/dependencies; times are RFC 3339, the last 24 hours unless given. */
export async function dependencies(options: ApiOptions, request: ApiRequest): Promise<ApiResponse> {
  const now = options.nowNs();
  const endNs = time(request.query, 'end_time') ?? now;
  const startNs = time(request.query, 'start_time') ?? endNs - 86_400_000_000_000n;
  const found = await calls(options, startNs, endNs);
  return v3Ok({ dependencies: found.map((d) => ({ ...d, callCount: `${d.callCount}` })) });
}
