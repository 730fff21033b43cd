import type { AddressInfo } from 'node:net';
import type { Component } from '../../component/component.ts';
import type { Consumer } from '../../component/consumer.ts';
import type { Settings } from '../../component/settings.ts';
import { type Listener, serveHttp } from '../../config/groups/http-listen.ts';
import { openAt } from '../../config/groups/listen.ts';
import type { ZipkinReceiverConfig } from './config.ts';

/** Open requests have so long to be answered at shutdown. */
const drainMs = 5000;

/** Receives Zipkin's spans over HTTP. */
export class ZipkinReceiver implements Component {
  readonly #settings: Settings;
  readonly #config: ZipkinReceiverConfig;
  readonly #next: Consumer<'traces'>;
  #listener: Listener | undefined;

  constructor(settings: Settings, config: ZipkinReceiverConfig, next: Consumer<'traces'>) {
    this.#settings = settings;
    this.#config = config;
    this.#next = next;
  }

  /** What is bound, once started. */
  get address(): AddressInfo | string | undefined {
    return this.#listener?.address;
  }

  async start(): Promise<void> {
    const { ZipkinHandler } = await import('./handler.ts');
    const config = this.#config;
    const handler = new ZipkinHandler(this.#settings, config, this.#next);
    this.#listener = await openAt(config.endpoint, () =>
      serveHttp(
        config,
        this.#settings,
        (request, response, admitted) => handler.handle(request, response, admitted),
        { paths: ['/api/v1/spans', '/api/v2/spans'], rest: true },
      ),
    );
    this.#settings.logger.info('Starting HTTP server', { endpoint: config.endpoint });
  }

  async shutdown(): Promise<void> {
    const listener = this.#listener;
    this.#listener = undefined;
    await listener?.close(drainMs);
  }
}
