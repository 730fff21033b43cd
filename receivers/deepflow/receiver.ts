import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Component } from '../../component/component.ts';
import type { Consumers } from '../../component/consumer.ts';
import type { Settings } from '../../component/settings.ts';
import {
  admitting,
  type Listener,
  openHttpServer,
  pathOf,
} from '../../config/groups/http-listen.ts';
import { openAt } from '../../config/groups/listen.ts';
import type { DeepflowConfig } from './config.ts';

/** Open requests have so long to be answered at shutdown. */
const drainMs = 5000;

/** Receives over HTTP what senders post to a DeepFlow agent. */
export class DeepflowReceiver implements Component {
  readonly #settings: Settings;
  readonly #config: DeepflowConfig;
  readonly #next: Consumers;
  #listener: Listener | undefined;

  constructor(settings: Settings, config: DeepflowConfig, next: Consumers) {
    this.#settings = settings;
    this.#config = config;
    this.#next = next;
  }

  /** What is bound, once started. */
  get address(): AddressInfo | string | undefined {
    return this.#listener?.address;
  }

  async start(): Promise<void> {
    const [{ route, routesOf, tracePaths }, { otlpHandler }, { Ingest }] = await Promise.all([
      import('./routes.ts'),
      import('../../pipeline/otlp-http/handler-of.ts'),
      import('../../pipeline/otlp-http/ingest.ts'),
    ]);
    const config = this.#config;
    const settings = this.#settings;
    const { traces } = this.#next;
    const routes = routesOf(config, settings, this.#next);
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
    this.#listener = await openAt(config.endpoint, () =>
      openHttpServer(config, settings, handle, { paths }),
    );
    settings.logger.info('Starting HTTP server', { endpoint: config.endpoint });
  }

  async shutdown(): Promise<void> {
    const listener = this.#listener;
    this.#listener = undefined;
    await listener?.close(drainMs);
  }
}
