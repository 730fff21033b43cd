/** How the API of the page is put together: routes are plain data, answers are plain values. */
import { ReadError } from '../../storage/traces/reader.ts';
import type { Refusal } from './contract/program.ts';

/** A request as a route sees it. */
export interface WebRequest {
  /** What stands for `:name` in the path, decoded. */
  readonly params: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  /** Parsed JSON of a POST, else undefined. */
  readonly body: unknown;
  /** `run` is called once when the client is gone; at once if it is gone already. */
  onClose(run: () => void): void;
}

/**
 * Sends one server-sent event.
 * @param data becomes JSON
 * @returns false when it was not sent: the client is gone, or does not read as fast as it is told
 */
export type SendEvent = (event: string, data: unknown) => boolean;

/** What a route answers with status 200. */
export type WebAnswer =
  /** `maxAgeS`: how long a browser may keep it; absent = not at all. */
  | { readonly json: unknown; readonly maxAgeS?: number }
  /** `fileName`: it is offered as a download. */
  | { readonly text: string; readonly contentType: string; readonly fileName?: string }
  /** A long text, made piece by piece as the client takes it. */
  | {
      readonly chunks: Iterable<string>;
      readonly contentType: string;
      readonly fileName?: string;
    }
  /** A stream of events, until the client is gone; `events` begins it. */
  | { readonly events: (send: SendEvent) => void };

/** One method and path of the API. */
export interface WebRoute {
  /** A POST carries the token of the page. */
  readonly method: 'GET' | 'POST';
  /** `/api/v1/traces/:id/rows`: each `:name` is one segment. */
  readonly path: string;
  /** It waits for nothing outside of the program: a storage that is slow must not hold it up. */
  readonly local?: true;
  /** Rejects with WebError or ReadError; everything else is a programming error. */
  handle(request: WebRequest): Promise<WebAnswer>;
}

type WebReason = Refusal['error']['reason'];

const statuses: Readonly<Record<WebReason, number>> = {
  bad_request: 400,
  forbidden: 403,
  not_found: 404,
  too_broad: 400,
  unavailable: 503,
  timeout: 504,
  internal: 500,
};

/** What could not be done, for the person before the page. */
export class WebError extends Error {
  readonly reason: WebReason;
  /** What to do about it, '' when there is nothing to say. */
  readonly hint: string;

  constructor(reason: WebReason, message: string, hint = '') {
    super(message);
    this.name = 'WebError';
    this.reason = reason;
    this.hint = hint;
  }

  /** HTTP status of the reason. */
  get status(): number {
    return statuses[this.reason];
  }
}

const readHints: Readonly<Record<ReadError['reason'], string>> = {
  unavailable: 'Is ClickHouse running? It is asked again on reload.',
  timeout: 'Choose a shorter time range or a more specific search.',
  too_broad: 'Choose a shorter time range or a more specific search.',
  internal: '',
};

/** `error` as the page is told of it, or undefined when it is a programming error. */
export function webError(error: unknown): WebError | undefined {
  if (error instanceof WebError) return error;
  if (!(error instanceof ReadError)) return undefined;
  return new WebError(error.reason, error.message, readHints[error.reason]);
}

/** A route that matches, with what stands for the names in its path. */
export interface FoundRoute {
  readonly route: WebRoute;
  readonly params: Readonly<Record<string, string>>;
}

/**
 * @param path decoded nowhere yet
 * @returns the route, or the methods that the path knows: none = no such path
 * @throws WebError where a segment cannot be decoded
 */
export function findRoute(
  routes: readonly WebRoute[],
  method: string,
  path: string,
): FoundRoute | readonly string[] {
  const known: string[] = [];
  for (const route of routes) {
    const params = matchPath(route.path, path);
    if (params === undefined) continue;
    if (route.method === method) return { route, params };
    known.push(route.method);
  }
  return known;
}

function matchPath(pattern: string, path: string): Record<string, string> | undefined {
  const wanted = pattern.split('/');
  const given = path.split('/');
  if (wanted.length !== given.length) return undefined;
  const params: Record<string, string> = {};
  for (const [i, segment] of wanted.entries()) {
    const other = given[i] ?? '';
    if (segment.startsWith(':') && other !== '') params[segment.slice(1)] = decodeSegment(other);
    else if (segment !== other) return undefined;
  }
  return params;
}

function decodeSegment(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    const text = JSON.stringify(segment);
    throw new WebError('bad_request', `cannot decode path segment ${text}`);
  }
}
