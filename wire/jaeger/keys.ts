import { KeyTable } from '../tagged-spans/keys.ts';

const known = [
  'span.kind',
  'error',
  'otel.status_code',
  'otel.status_description',
  'http.status_code',
  'http.status_message',
  'w3c.tracestate',
  'otel.scope.name',
  'otel.scope.version',
  'event',
  'service.name',
  'hostname',
  'host.name',
  'jaeger.version',
  'opencensus.exporterversion',
  'opentracing.ref_type',
] as const;

/** Numbers of the keys that mean something. */
export const Key = {
  spanKind: 0,
  error: 1,
  statusCode: 2,
  statusDescription: 3,
  httpStatusCode: 4,
  httpStatusMessage: 5,
  traceState: 6,
  scopeName: 7,
  scopeVersion: 8,
  event: 9,
  serviceName: 10,
  hostname: 11,
  hostName: 12,
  jaegerVersion: 13,
  exporterVersion: 14,
  refType: 15,
} as const;

/**
 * A new table of the keys that mean something in Jaeger's spans; keys of clients are added as they
 * come.
 */
export function jaegerKeys(): KeyTable {
  return new KeyTable(known);
}
