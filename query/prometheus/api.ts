/** Prometheus' HTTP API over a reader of metrics: which path answers what, without sockets. */
import {
  type Labels,
  MetricReadError,
  type MetricReader,
  type TimeRange,
} from '../../storage/metrics/model.ts';
import { ApiError, type ErrorType, errorStatus } from './error.ts';
import { labelParam, limitParam, numberParam, rangeParams } from './params.ts';
import { parseSelectors } from './selector.ts';

/** What the API is made of. */
export interface ApiOptions {
  readonly reader: MetricReader;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** Version of the program. */
  readonly version: string;
}

interface ApiRequest {
  readonly method: string;
  /** As it was sent, without the query. */
  readonly path: string;
  /** Parameters of the body before those of the address. */
  readonly form: URLSearchParams;
}

/** A whole answer; its length and CORS are the server's business. */
export interface ApiResponse {
  readonly status: number;
  readonly contentType: string;
  readonly body: string;
  readonly headers?: Readonly<Record<string, string>>;
}

type Handler = (
  options: ApiOptions,
  form: URLSearchParams,
  name: string,
) => Promise<ApiResponse> | ApiResponse;

interface Route {
  readonly path: RegExp;
  readonly methods: readonly string[];
  readonly handler: Handler;
}

const get = ['GET'];
const both = ['GET', 'POST'];
const seen = ['GET', 'HEAD'];

const routes: readonly Route[] = [
  { path: /^\/api\/v1\/labels$/, methods: both, handler: labels },
  { path: /^\/api\/v1\/label\/([^/]*)\/values$/, methods: get, handler: labelValues },
  { path: /^\/api\/v1\/series$/, methods: both, handler: series },
  { path: /^\/api\/v1\/metadata$/, methods: get, handler: metadata },
  { path: /^\/api\/v1\/status\/buildinfo$/, methods: get, handler: buildInfo },
  { path: /^\/api\/v1\/(?:query|query_range|query_exemplars)$/, methods: both, handler: noPromql },
  { path: /^\/-\/healthy$/, methods: seen, handler: () => plain(200, 'Wirestitch is Healthy.\n') },
  { path: /^\/-\/ready$/, methods: seen, handler: () => plain(200, 'Wirestitch is Ready.\n') },
];

/** The version of Prometheus whose API this is. */
const prometheusVersion = '3.14.0';
/** Metadata of what had samples in this time before now. */
const metadataMs = 86_400_000;
const truncated = 'results truncated due to limit';

/** Whether parameters may be in the body of a POST to this path. */
export function takesForm(path: string): boolean {
  return routes.some((route) => route.methods === both && route.path.test(path));
}

/** Answers everything but remote read. Rejects with what is the program's own fault only. */
export async function answer(options: ApiOptions, request: ApiRequest): Promise<ApiResponse> {
  for (const { path, methods, handler } of routes) {
    const found = path.exec(request.path);
    if (found === null) continue;
    if (!methods.includes(request.method)) return notAllowed(methods);
    try {
      return await handler(options, request.form, found[1] ?? '');
    } catch (error) {
      const failure = asApiError(error);
      return failed(failure.type, failure.message);
    }
  }
  return plain(404, '404 page not found\n');
}

/** The answer to a method that a path does not take. */
export function notAllowed(methods: readonly string[]): ApiResponse {
  return { ...plain(405, 'Method Not Allowed\n'), headers: { Allow: methods.join(', ') } };
}

/** Plain text, as Prometheus answers paths and methods that it does not take. */
export function plain(status: number, body: string): ApiResponse {
  return { status, contentType: 'text/plain; charset=utf-8', body };
}

const typeOfReason: Readonly<Record<MetricReadError['reason'], ErrorType>> = {
  bad_query: 'bad_data',
  too_broad: 'execution',
  timeout: 'timeout',
  unavailable: 'unavailable',
  internal: 'internal',
};

/** The failure that a client is told. @throws what is none */
export function asApiError(error: unknown): ApiError {
  if (error instanceof ApiError) return error;
  if (error instanceof MetricReadError) {
    return new ApiError(typeOfReason[error.reason], error.message);
  }
  throw error;
}

function json(status: number, value: unknown): ApiResponse {
  return { status, contentType: 'application/json', body: JSON.stringify(value) };
}

function succeeded(data: unknown, warnings: readonly string[] = []): ApiResponse {
  return json(200, { status: 'success', data, ...(warnings.length === 0 ? {} : { warnings }) });
}

/** A failure in Prometheus' envelope. */
export function failed(errorType: ErrorType, error: string): ApiResponse {
  return json(errorStatus[errorType], { status: 'error', errorType, error });
}

function limited<T, U>(all: readonly T[], limit: number, shown: (one: T) => U): ApiResponse {
  if (limit === 0 || all.length <= limit) return succeeded(all.map(shown));
  return succeeded(all.slice(0, limit).map(shown), [truncated]);
}

function isPast({ startMs, endMs }: TimeRange): boolean {
  return startMs > endMs;
}

async function labels({ reader }: ApiOptions, form: URLSearchParams): Promise<ApiResponse> {
  const limit = limitParam(form);
  const range = rangeParams(form);
  const sets = parseSelectors(form.getAll('match[]'));
  const names = isPast(range) ? [] : await reader.labelNames(sets, range);
  return limited(names, limit, (name) => name);
}

async function labelValues(
  { reader }: ApiOptions,
  form: URLSearchParams,
  segment: string,
): Promise<ApiResponse> {
  const name = labelParam(segment);
  const limit = limitParam(form);
  const range = rangeParams(form);
  const sets = parseSelectors(form.getAll('match[]'));
  const values = isPast(range) ? [] : await reader.labelValues(name, sets, range);
  return limited(values, limit, (value) => value);
}

async function series({ reader }: ApiOptions, form: URLSearchParams): Promise<ApiResponse> {
  const selectors = form.getAll('match[]');
  if (selectors.length === 0) throw new ApiError('bad_data', 'no match[] parameter provided');
  const limit = limitParam(form);
  const range = rangeParams(form);
  let sets: ReturnType<typeof parseSelectors>;
  try {
    sets = parseSelectors(selectors);
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    throw new ApiError('bad_data', `invalid parameter "match[]": ${error.message}`);
  }
  const found: readonly Labels[] = isPast(range) ? [] : await reader.series(sets, range);
  return limited(found, limit, (one) => Object.fromEntries(one));
}

async function metadata({ reader, now }: ApiOptions, form: URLSearchParams): Promise<ApiResponse> {
  const limit = numberParam(form, 'limit');
  const perMetric = numberParam(form, 'limit_per_metric');
  const metric = form.get('metric') ?? '';
  const nowMs = now();
  const range = { startMs: nowMs - metadataMs, endMs: nowMs };
  const all = await reader.metadata(range, metric === '' ? undefined : metric);
  const names = [...all.keys()].sort();
  const kept = limit < 0 ? names : names.slice(0, limit);
  const entries = kept.map((name) => {
    const some = perMetric > 0 ? all.get(name)!.slice(0, perMetric) : all.get(name)!;
    return [name, some.map(({ type, unit, help }) => ({ type, unit, help }))] as const;
  });
  return succeeded(Object.fromEntries(entries));
}

function buildInfo({ version }: ApiOptions): ApiResponse {
  return succeeded({
    version: prometheusVersion,
    revision: `wirestitch ${version}`,
    branch: '',
    buildUser: '',
    buildDate: '',
    goVersion: '',
  });
}

function noPromql(): ApiResponse {
  const message =
    'PromQL is not evaluated here: let a Prometheus read the samples from /api/v1/read (remote_read)';
  return failed('not_found', message);
}
