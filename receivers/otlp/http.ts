import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Consumer, Consumers } from '../../component/consumer.ts';
import type { Settings } from '../../component/settings.ts';
import { type Signal, signals } from '../../component/signals.ts';
import { type Listener, openHttpServer } from '../../config/groups/http-listen.ts';
import { watchServer } from '../../config/groups/http-metrics.ts';
import { otlpHandler } from '../../pipeline/otlp-http/handler-of.ts';
import type { BodySink } from '../../pipeline/otlp-http/http-handler.ts';
import { Ingest } from '../../pipeline/otlp-http/ingest.ts';
import type { OtlpHttpConfig } from './config.ts';

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

/** Starts the HTTP side for the signals that have a consumer. */
export async function listenHttp(
  config: OtlpHttpConfig,
  settings: Settings,
  next: Consumers,
): Promise<Listener> {
  const sinks = sinksOf(config, settings, next);
  const handler = otlpHandler(config, settings, sinks);
  const watch = watchServer(settings, config.tls !== undefined, (path) =>
    sinks.has(path) ? path : undefined,
  );
  const handle = (request: IncomingMessage, response: ServerResponse): void => {
    watch(request, response);
    handler.handle(request, response);
  };
  const paths = [...sinks.keys()];
  const listener = await openHttpServer(config, settings, handle, { paths });
  settings.logger.info('Starting HTTP server', { endpoint: config.endpoint });
  return listener;
}
