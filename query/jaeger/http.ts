import type { LongBody } from '../long-body.ts';
import { Entries, Items, Later, writeJson } from './json-text.ts';

/** A request as the routes see it: no sockets here. */
export interface ApiRequest {
  readonly method: string;
  /** Decoded path below the base path, e.g. `/api/traces/abc`. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly body: Uint8Array;
  /** Ends long work when nobody waits for the answer any more; its reason is a ReadError. */
  readonly signal?: AbortSignal | undefined;
}

/** An answer: plain, or a text that is made as it is sent. */
export interface ApiResponse {
  readonly status: number;
  readonly contentType: string;
  readonly body: string | Uint8Array | LongBody;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Whether a body is made as it is sent. */
export function isLong(body: ApiResponse['body']): body is LongBody {
  return typeof body === 'object' && 'cutOff' in body;
}

const text = 'text/plain; charset=utf-8';

/** Set on answers that lack something: traces that were found, or spans of a trace. */
export const truncatedHeader = 'X-Wirestitch-Truncated';

/** An entry of `errors` of API v1's envelope. */
export interface V1Error {
  readonly code: number;
  readonly msg: string;
  readonly traceID?: string;
}

const json = 'application/json';

const indentOf = (query: URLSearchParams): number => (query.get('prettyPrint') === 'true' ? 4 : 0);

/** The envelope of API v1. */
export function v1Ok(data: unknown, query: URLSearchParams, total = 0): ApiResponse {
  const envelope = { data, total, limit: 0, offset: 0, errors: null };
  const body = JSON.stringify(envelope, null, indentOf(query));
  return { status: 200, contentType: json, body };
}

/** What the envelope of API v1 says behind the traces, asked when they are written. */
export interface V1Rest {
  readonly total: () => number;
  readonly limit: () => number;
  readonly errors: () => readonly V1Error[];
  readonly cutOff: () => boolean;
}

/** The envelope of API v1 around traces that are read as they are sent. */
export function v1Traces(
  traces: Iterable<Entries> | AsyncIterable<Entries>,
  query: URLSearchParams,
  rest: Partial<V1Rest> = {},
): ApiResponse {
  const { total = () => 0, limit = () => 0, errors = () => [], cutOff = () => false } = rest;
  const envelope = new Entries({
    data: new Items(traces),
    total: new Later(total),
    limit: new Later(limit),
    offset: 0,
    errors: new Later(() => {
      const all = errors();
      return all.length === 0 ? null : all;
    }),
  });
  return { status: 200, contentType: json, body: longBody(envelope, indentOf(query), cutOff) };
}

/** `resourceSpans` that are read as they are sent, as api_v3 answers them. */
export function v3Traces(groups: AsyncIterable<Entries>, cutOff: () => boolean): ApiResponse {
  const value = new Entries({ result: new Entries({ resourceSpans: new Items(groups) }) });
  return { status: 200, contentType: json, body: longBody(value, 0, cutOff) };
}

function longBody(value: Entries, indent: number, cutOff: () => boolean): LongBody {
  return {
    write: (take) => writeJson(value, indent, take),
    get cutOff() {
      return cutOff();
    },
  };
}

/** An error of API v1: the envelope as plain text, as Go's http.Error sends it. */
export function v1Error(code: number, msg: string): ApiResponse {
  const envelope = { data: null, total: 0, limit: 0, offset: 0, errors: [{ code, msg }] };
  return { status: code, contentType: text, body: `${JSON.stringify(envelope)}\n` };
}

/** An answer of api_v3. */
export function v3Ok(value: unknown, truncated = false): ApiResponse {
  const headers = truncated ? { headers: { [truncatedHeader]: 'true' } } : {};
  return { status: 200, contentType: json, body: JSON.stringify(value), ...headers };
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
