import type { IncomingMessage } from 'node:http';
import { type Context, noMetadata } from '../../component/consumer.ts';
import type { Tracer } from '../../component/settings.ts';
import { type Admitted, headerMap, remoteOf } from '../../config/groups/http-listen.ts';

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
  const metadata = includeMetadata ? headerMap(request) : noMetadata;
  const address = remoteOf(request);
  const client = auth === undefined ? { address, metadata } : { address, metadata, auth };
  const deadlineMs = Number.POSITIVE_INFINITY;
  const parent = tracer.enabled
    ? tracer.extract((name) => request.headersDistinct[name]?.[0])
    : undefined;
  return parent === undefined
    ? { client, deadlineMs }
    : { client, deadlineMs, traceparent: parent };
}
