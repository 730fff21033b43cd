import type { AddressInfo } from 'node:net';
import type { Component } from '../../component/component.ts';
import type { Consumer } from '../../component/consumer.ts';
import type { Settings } from '../../component/settings.ts';
import { type Listener, notFound, pathOf, serveHttp } from '../../config/groups/http-listen.ts';
import { openAt } from '../../config/groups/listen.ts';
import { WritePosts } from '../../pipeline/remote-write/posts.ts';
import { type RemoteWriteReceiverConfig, writePath } from './config.ts';

/** Open requests have so long to be answered at shutdown. */
const drainMs = 5000;

/** Receives remote write requests over HTTP. */
export class RemoteWriteReceiver implements Component {
  readonly #settings: Settings;
  readonly #config: RemoteWriteReceiverConfig;
  readonly #posts: WritePosts;
  #listener: Listener | undefined;

  constructor(settings: Settings, config: RemoteWriteReceiverConfig, next: Consumer<'metrics'>) {
    this.#settings = settings;
    this.#config = config;
    this.#posts = new WritePosts(config, settings, next);
  }

  /** What is bound, once started. */
  get address(): AddressInfo | string | undefined {
    return this.#listener?.address;
  }

  async start(): Promise<void> {
    const config = this.#config;
    this.#listener = await openAt(config.endpoint, () =>
      serveHttp(
        config,
        this.#settings,
        (request, response, admitted) => {
          if (pathOf(request) === writePath) this.#posts.handle(request, response, admitted);
          else {
            request.resume();
            notFound(response);
          }
        },
        { paths: [writePath] },
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
