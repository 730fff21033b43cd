/** Jaeger's HTTP API over a trace reader: which path answers what. */
import { ReadError, type TraceReader } from '../../storage/traces/reader.ts';
import { ParameterError } from './go-text.ts';
import { type ApiRequest, type ApiResponse, notFound, v1Error, v3Error } from './http.ts';
import * as v1 from './routes-v1.ts';
import * as v3 from './routes-v3.ts';

/** What the API answers from, and its limits. */
export interface ApiOptions {
  readonly reader: TraceReader;
  /** Nanoseconds since 1970. */
  readonly nowNs: () => bigint;
  /** Largest number of traces of one search. */
  readonly maxTraces: number;
  /** Spans of all traces of one answer. */
  readonly maxSpans: number;
  /** Clock skew that is mended; 0 only marks it. */
  readonly maxClockSkewNs: bigint;
}

type Handler = (options: ApiOptions, request: ApiRequest, id: string) => Promise<ApiResponse>;

interface Route {
  readonly method: 'GET' | 'POST';
  /** `*` stands for one segment, given to the handler. */
  readonly path: string;
  readonly handler: Handler;
  /** It answers whole traces: few of these are made at once. */
  readonly whole?: true;
}

const routes: readonly Route[] = [
  { method: 'GET', path: '/api/services', handler: v1.services },
  { method: 'GET', path: '/api/services/*/operations', handler: v1.serviceOperations },
  { method: 'GET', path: '/api/operations', handler: v1.operations },
  { method: 'GET', path: '/api/traces', handler: v1.search, whole: true },
  { method: 'GET', path: '/api/traces/*', handler: v1.trace, whole: true },
  { method: 'POST', path: '/api/archive/*', handler: v1.archive },
  { method: 'POST', path: '/api/transform', handler: v1.transform, whole: true },
  { method: 'GET', path: '/api/dependencies', handler: v1.dependencies },
  { method: 'GET', path: '/api/metrics/minstep', handler: v1.minStep },
  { method: 'GET', path: '/api/metrics/*', handler: v1.metrics },
  { method: 'GET', path: '/api/v3/services', handler: v3.services },
  { method: 'GET', path: '/api/v3/operations', handler: v3.operations },
  { method: 'GET', path: '/api/v3/traces', handler: v3.search, whole: true },
  { method: 'GET', path: '/api/v3/traces/*', handler: v3.trace, whole: true },
  { method: 'GET', path: '/api/v3/trace-summaries', handler: v3.summaries },
  { method: 'GET', path: '/api/v3/dependencies', handler: v3.dependencies },
];

function match(pattern: string, path: string): string | undefined {
  const wanted = pattern.split('/');
  const given = path.split('/');
  if (wanted.length !== given.length) return undefined;
  let id = '';
  for (const [i, segment] of wanted.entries()) {
    const other = given[i] ?? '';
    if (segment === '*' && other !== '') id = other;
    else if (segment !== other) return undefined;
  }
  return id;
}

/** Whether a path answers whole traces. */
export function answersTraces(path: string): boolean {
  return routes.some((route) => route.whole === true && match(route.path, path) !== undefined);
}

const readStatus = { unavailable: 503, timeout: 504, too_broad: 400, internal: 500 } as const;

/** @param request of a path below /api */
export async function answer(options: ApiOptions, request: ApiRequest): Promise<ApiResponse> {
  let known = false;
  for (const route of routes) {
    const id = match(route.path, request.path);
    if (id === undefined) continue;
    known = true;
    if (route.method !== request.method) continue;
    try {
      return await route.handler(options, request, decode(id));
    } catch (failure) {
      return failed(request.path, failure);
    }
  }
  return known ? errorOf(request.path)(405, 'method not allowed') : notFound;
}

function errorOf(path: string): (code: number, message: string) => ApiResponse {
  return path.startsWith('/api/v3/') ? v3Error : v1Error;
}

/** What a client is told of a failure. @throws the failure when it is a programming error */
export function failed(path: string, failure: unknown): ApiResponse {
  const error = errorOf(path);
  if (failure instanceof ParameterError) return error(400, failure.message);
  if (failure instanceof ReadError) return error(readStatus[failure.reason], failure.message);
  throw failure;
}

function decode(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    throw new ParameterError(`cannot decode path segment ${JSON.stringify(segment)}`);
  }
}
