/** A request as the routes see it: no sockets here. */
export interface ApiRequest {
  readonly method: string;
  /** Decoded path below the base path, e.g. `/api/traces/abc`. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly body: Uint8Array;
}

export interface ApiResponse {
  readonly status: number;
  readonly contentType: string;
  readonly body: string | Uint8Array;
  readonly headers?: Readonly<Record<string, string>>;
}

const text = 'text/plain; charset=utf-8';

/** Set on answers of searches that found more traces than they return. */
export const truncatedHeader = 'X-Wirestitch-Truncated';

export interface V1Error {
  readonly code: number;
  readonly msg: string;
  readonly traceID?: string;
}

/** The envelope of API v1. */
export function v1Ok(
  data: unknown,
  query: URLSearchParams,
  more: { total?: number; limit?: number; errors?: readonly V1Error[] } = {},
): ApiResponse {
  const { total = 0, limit = 0, errors = [] } = more;
  const envelope = { data, total, limit, offset: 0, errors: errors.length === 0 ? null : errors };
  const pretty = query.get('prettyPrint') === 'true';
  const body = JSON.stringify(envelope, null, pretty ? 4 : undefined);
  const headers = limit === 0 ? {} : { headers: { [truncatedHeader]: 'true' } };
  return { status: 200, contentType: 'application/json', body, ...headers };
}

/** An error of API v1: the envelope as plain text, as Go's http.Error sends it. */
export function v1Error(code: number, msg: string): ApiResponse {
  const envelope = { data: null, total: 0, limit: 0, offset: 0, errors: [{ code, msg }] };
  return { status: code, contentType: text, body: `${JSON.stringify(envelope)}\n` };
}

/** An answer of api_v3. */
export function v3Ok(value: unknown, truncated = false): ApiResponse {
  const headers = truncated ? { headers: { [truncatedHeader]: 'true' } } : {};
  return { status: 200, contentType: 'application/json', body: JSON.stringify(value), ...headers };
}

/** An error of api_v3. */
export function v3Error(httpCode: number, message: string): ApiResponse {
  const body = `${JSON.stringify({ error: { httpCode, message } })}\n`;
  return { status: httpCode, contentType: text, body };
}

/** What an unknown path below /api answers. */
export const notFound: ApiResponse = {
  status: 404,
  contentType: text,
  body: '404 page not found\n',
};
