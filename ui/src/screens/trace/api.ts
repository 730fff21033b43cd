/** Requests about one trace. */
import type {
  FindAnswer,
  FindRequest,
  RowsAnswer,
  RowsRequest,
  SpanDetails,
  TraceGrowth,
  TraceOperations,
  TraceOutline,
  TraceSql,
} from '../../../../query/web/contract/trace.ts';
import { apiUrl, get, post } from '../../api/client.ts';

const path = (id: string, more = ''): string => `/api/v1/traces/${encodeURIComponent(id)}${more}`;

/** Which trace is meant, and as it was at which version. */
export interface TraceRef {
  readonly id: string;
  readonly version: string;
  readonly adjust: boolean;
}

const query = ({ version, adjust }: TraceRef) => ({ version, adjust: adjust ? 1 : undefined });

export interface OutlineOptions {
  readonly adjust: boolean;
  readonly fresh: boolean;
  readonly span: string;
}

export function getOutline(
  id: string,
  { adjust, fresh, span }: OutlineOptions,
  signal?: AbortSignal,
): Promise<TraceOutline> {
  const params = { adjust: adjust ? 1 : undefined, fresh: fresh ? 1 : undefined, span };
  return get(path(id), params, signal);
}

export function postRows(
  { id, version, adjust }: TraceRef,
  request: Omit<RowsRequest, 'version' | 'adjust'>,
  signal?: AbortSignal,
): Promise<RowsAnswer> {
  return post(path(id, '/rows'), { ...request, version, adjust }, signal);
}

export function postFind(
  { id, version, adjust }: TraceRef,
  request: Omit<FindRequest, 'version' | 'adjust'>,
  signal?: AbortSignal,
): Promise<FindAnswer> {
  return post(path(id, '/find'), { ...request, version, adjust }, signal);
}

export function getSpan(ref: TraceRef, index: number, signal?: AbortSignal): Promise<SpanDetails> {
  return get(path(ref.id, `/spans/${index}`), query(ref), signal);
}

export function getOperations(ref: TraceRef, signal?: AbortSignal): Promise<TraceOperations> {
  return get(path(ref.id, '/operations'), query(ref), signal);
}

export function getGrowth(ref: TraceRef, signal?: AbortSignal): Promise<TraceGrowth> {
  return get(path(ref.id, '/growth'), query(ref), signal);
}

export function getSql(ref: TraceRef, span: string): Promise<TraceSql> {
  return get(path(ref.id, '/sql'), { ...query(ref), span });
}

/** @param span '' = the whole trace */
export function getJson(ref: TraceRef, span: string, signal?: AbortSignal): Promise<unknown> {
  return get(path(ref.id, '/json'), { ...query(ref), span }, signal);
}

export function jsonUrl(ref: TraceRef): string {
  return apiUrl(path(ref.id, '/json'), query(ref));
}
