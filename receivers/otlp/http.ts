import type { Consumer, Consumers } from '../../component/consumer.ts';
import type { Settings } from '../../component/settings.ts';
import { type Signal, signals } from '../../component/signals.ts';
import { serverAuth } from '../../config/groups/auth.ts';
import { Cors } from '../../config/groups/cors.ts';
import { sendable } from '../../config/groups/headers.ts';
import { type Listener, openHttpServer } from '../../config/groups/http-listen.ts';
import { watchServer } from '../../config/groups/http-metrics.ts';
import { intakeOf } from '../../pipeline/http-intake/receive.ts';
import type { OtlpHttpConfig } from './config.ts';
import { type BodySink, HttpHandler } from './http-handler.ts';
import { Ingest } from './ingest.ts';

/** Where profiles are posted to; the Go collector has no key for it. */
const profilesPath = '/v1development/profiles';

function pathOf(config: OtlpHttpConfig, signal: Signal): string {
  return signal === 'profiles' ? profilesPath : config[`${signal}_url_path`];
}

function sinksOf(
  config: OtlpHttpConfig,
  settings: Settings,
  next: Consumers,
): Map<string, BodySink> {
  const sinks = new Map<string, BodySink>();
  for (const signal of signals) {
    const consumer = next[signal] as Consumer<Signal> | undefined;
    if (consumer === undefined) continue;
    sinks.set(pathOf(config, signal), new Ingest(signal, consumer, settings, 'http'));
  }
  return sinks;
}

function handlerOf(
  config: OtlpHttpConfig,
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

/** Starts the HTTP side for the signals that have a consumer. */
export async function listenHttp(
  config: OtlpHttpConfig,
  settings: Settings,
  next: Consumers,
): Promise<Listener> {
  const sinks = sinksOf(config, settings, next);
  const handler = handlerOf(config, settings, sinks);
  const watch = watchServer(settings, config.tls !== undefined, (path) =>
    sinks.has(path) ? path : undefined,
  );
  const listener = await openHttpServer(config, settings, (request, response) => {
    watch(request, response);
    handler.handle(request, response);
  });
  settings.logger.info('Starting HTTP server', { endpoint: config.endpoint });
  return listener;
}
