/** Requests of the page to the program that serves it. */
import type { Refusal } from '../../../query/web/contract/program.ts';

/** What the program, or the way to it, said no to. */
export class ApiError extends Error {
  readonly reason: Refusal['error']['reason'] | 'unreachable';
  /** What to do about it, '' when there is nothing to say. */
  readonly hint: string;

  constructor(reason: ApiError['reason'], message: string, hint: string) {
    super(message);
    this.name = 'ApiError';
    this.reason = reason;
    this.hint = hint;
  }
}

export type Params = URLSearchParams | Readonly<Record<string, string | number | undefined>>;

/** Address of an API path with parameters; those that are undefined or '' are left out. */
export function apiUrl(path: string, params: Params = {}): string {
  const url = new URL(path.replace(/^\//, ''), document.baseURI);
  const given = params instanceof URLSearchParams ? [...params] : Object.entries(params);
  for (const [name, value] of given) {
    if (value !== undefined && value !== '') url.searchParams.append(name, String(value));
  }
  return url.href;
}

/** Rejects with ApiError, or with the signal's reason when it is aborted. */
export async function get<T>(path: string, params?: Params, signal?: AbortSignal): Promise<T> {
  return (await answer(apiUrl(path, params), signal === undefined ? {} : { signal })) as T;
}

let token: Promise<string> | undefined;

/** As {@link get}, with a body and the page's token; a token of an earlier start is renewed once. */
export async function post<T>(path: string, body: unknown, signal?: AbortSignal): Promise<T> {
  try {
    return await postOnce<T>(path, body, signal);
  } catch (error) {
    if (!(error instanceof ApiError) || error.reason !== 'forbidden') throw error;
    token = undefined;
    return await postOnce<T>(path, body, signal);
  }
}

async function postOnce<T>(path: string, body: unknown, signal?: AbortSignal): Promise<T> {
  token ??= get<{ token: string }>('/api/v1/info').then((info) => info.token);
  token.catch(() => {
    token = undefined;
  });
  const headers = { 'Content-Type': 'application/json', 'X-Wirestitch-Token': await token };
  const init: RequestInit = { method: 'POST', headers, body: JSON.stringify(body) };
  return (await answer(apiUrl(path), signal === undefined ? init : { ...init, signal })) as T;
}

async function answer(url: string, init: RequestInit): Promise<unknown> {
  let response: Response;
  try {
    response = await fetch(url, { ...init, credentials: 'same-origin' });
  } catch (error) {
    if (init.signal?.aborted === true) throw error;
    throw new ApiError('unreachable', 'The program does not answer.', 'Is it still running?');
  }
  if (response.ok) return await response.json();
  throw await refusal(response);
}

async function refusal(response: Response): Promise<ApiError> {
  const text = await response.text();
  try {
    const { error } = JSON.parse(text) as Refusal;
    return new ApiError(error.reason, error.message, error.hint);
  } catch {
    const said = text.trim() || response.statusText;
    return new ApiError('internal', `The program answered ${response.status}: ${said}`, '');
  }
}
