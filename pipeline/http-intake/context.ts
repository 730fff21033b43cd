import type { IncomingMessage } from 'node:http';
import { type ClientInfo, type Context, noMetadata } from '../../component/consumer.ts';
import type { AuthData } from '../../component/extension.ts';
import type { Tracer } from '../../component/settings.ts';
import { type Admitted, headerMap, remoteOf } from '../../config/groups/http-listen.ts';

/**
 * Who sent a request.
 * @param includeMetadata whether its headers are kept with the data
 */
export function clientOf(
  request: IncomingMessage,
  auth: AuthData | undefined,
  includeMetadata: boolean,
): ClientInfo {
  const metadata = includeMetadata ? headerMap(request) : noMetadata;
  const address = remoteOf(request);
  return auth === undefined ? { address, metadata } : { address, metadata, auth };
}

/**
 * The context of a request's data.
 * @param includeMetadata key `include_metadata`: whether its headers are kept with the data
 */
export function contextOf(
  request: IncomingMessage,
  { auth }: Admitted,
  includeMetadata: boolean,
  tracer: Tracer,
): Context {
  const client = clientOf(request, auth, includeMetadata);
  const deadlineMs = Number.POSITIVE_INFINITY;
  const parent = tracer.enabled
    ? tracer.extract((name) => request.headersDistinct[name]?.[0])
    : undefined;
  return parent === undefined
    ? { client, deadlineMs }
    : { client, deadlineMs, traceparent: parent };
}
