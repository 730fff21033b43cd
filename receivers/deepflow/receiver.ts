import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Consumers } from '../../component/consumer.ts';
import type { Settings } from '../../component/settings.ts';
import { admitting, openHttpServer, pathOf } from '../../config/groups/http-listen.ts';
import { HttpReceiver } from '../../config/groups/http-receiver.ts';
import type { DeepflowConfig } from './config.ts';

/** Receives over HTTP what senders post to a DeepFlow agent. */
export function deepflowReceiver(
  settings: Settings,
  config: DeepflowConfig,
  next: Consumers,
): HttpReceiver {
  return new HttpReceiver(settings, config.endpoint, async () => {
    const [{ route, routesOf, tracePaths }, { otlpHandler }, { Ingest }] = await Promise.all([
      import('./routes.ts'),
      import('../../pipeline/otlp-http/handler-of.ts'),
      import('../../pipeline/otlp-http/ingest.ts'),
    ]);
    const { traces } = next;
    const routes = routesOf(config, settings, next);
    const otlpPaths = traces === undefined ? [] : tracePaths;
    const ingest = traces && new Ingest('traces', traces, settings, 'http');
    const sinks = new Map(otlpPaths.map((path) => [path, ingest!] as const));
    const otlp = otlpHandler(config, settings, sinks);
    const others = admitting(config, settings, (request, response, admitted) =>
      route(routes, request, response, admitted),
    );
    const handle = (request: IncomingMessage, response: ServerResponse): void => {
      if (sinks.has(pathOf(request))) otlp.handle(request, response);
      else others(request, response);
    };
    const paths = ['/', ...otlpPaths, ...routes.keys()];
    return openHttpServer(config, settings, handle, { paths });
  });
}
