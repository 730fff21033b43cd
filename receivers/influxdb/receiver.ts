import type { AddressInfo } from 'node:net';
import type { Component } from '../../component/component.ts';
import type { Consumer } from '../../component/consumer.ts';
import type { Settings } from '../../component/settings.ts';
import { type Listener, serveHttp } from '../../config/groups/http-listen.ts';
import { openAt } from '../../config/groups/listen.ts';
import type { InfluxdbConfig } from './config.ts';

/** Open requests have so long to be answered at shutdown. */
const drainMs = 5000;

/** Receives InfluxDB line protocol over HTTP. */
export class InfluxdbReceiver implements Component {
  readonly #settings: Settings;
  readonly #config: InfluxdbConfig;
  readonly #next: Consumer<'metrics'>;
  #listener: Listener | undefined;

  constructor(settings: Settings, config: InfluxdbConfig, next: Consumer<'metrics'>) {
    this.#settings = settings;
    this.#config = config;
    this.#next = next;
  }

  /** What is bound, once started. */
  get address(): AddressInfo | string | undefined {
    return this.#listener?.address;
  }

  async start(): Promise<void> {
    const [{ LineWrites }, { route, servedPaths }, { intakeOf }] = await Promise.all([
      import('../../pipeline/line-writes/write.ts'),
      import('./routes.ts'),
      import('../../pipeline/http-intake/receive.ts'),
    ]);
    const config = this.#config;
    const intake = intakeOf(config, this.#settings.budget);
    const writes = new LineWrites(config, this.#settings, this.#next, intake);
    this.#listener = await openAt(config.endpoint, () =>
      serveHttp(
        config,
        this.#settings,
        (request, response, admitted) => route(request, response, admitted, writes, intake),
        { paths: servedPaths },
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
