import type { Settings } from '../../component/settings.ts';
import { serverAuth } from '../../config/groups/auth.ts';
import { Cors } from '../../config/groups/cors.ts';
import { sendable } from '../../config/groups/headers.ts';
import type { HttpServerConfig } from '../../config/groups/http-server.ts';
import { intakeOf } from '../http-intake/receive.ts';
import { type BodySink, HttpHandler } from './http-handler.ts';

/** A handler of OTLP/HTTP as the keys of an HTTP server ask for. @param sinks by path */
export function otlpHandler(
  config: HttpServerConfig,
  settings: Settings,
  sinks: ReadonlyMap<string, BodySink>,
): HttpHandler {
  return new HttpHandler({
    sinks,
    intake: intakeOf(config, settings.budget),
    includeMetadata: config.include_metadata,
    keepAlive: config.keep_alives_enabled,
    responseHeaders: sendable(config.response_headers).flat(),
    cors: config.cors?.allowed_origins.length ? new Cors(config.cors) : undefined,
    auth: serverAuth(settings.host, config.auth),
    authParams: config.auth?.request_params ?? [],
    tracer: settings.tracer,
  });
}
