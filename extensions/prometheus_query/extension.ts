import type { AddressInfo } from 'node:net';
import type { Capabilities, Extension } from '../../component/extension.ts';
import type { Settings } from '../../component/settings.ts';
import { hostCheck } from '../../config/groups/host-check.ts';
import { type Listener, serveHttp } from '../../config/groups/http-listen.ts';
import { openAt } from '../../config/groups/listen.ts';
import type { SqlClient } from '../../storage/sql.ts';
import { openStorage } from '../../storage/target.ts';
import type { Config } from './config.ts';

/** Open requests have so long to be answered at shutdown. */
const drainMs = 2000;

/** Prometheus' read API over a ClickHouse, as an extension. */
export class PrometheusQuery implements Extension {
  readonly capabilities: Capabilities = {};
  readonly #settings: Settings;
  readonly #config: Config;
  #listener: Listener | undefined;
  #client: SqlClient | undefined;

  constructor(settings: Settings, config: Config) {
    this.#settings = settings;
    this.#config = config;
  }

  /** What is bound, once started. */
  get address(): AddressInfo | string | undefined {
    return this.#listener?.address;
  }

  async start(): Promise<void> {
    const config = this.#config;
    const settings = this.#settings;
    const { QueryServer, readPath } = await import('./server.ts');
    const { loadSnappy } = await import('../../wire/compression/decompressor.ts');
    const server = new QueryServer({
      config,
      settings,
      snappy: await loadSnappy(),
      reader: await this.#open(),
      checkHost: hostCheck(config.endpoint, config.allowed_hosts),
    });
    this.#listener = await openAt(config.endpoint, () =>
      serveHttp(config, settings, (request, response) => server.handle(request, response), {
        paths: [readPath],
        rest: true,
      }),
    );
    settings.logger.info('Prometheus read API listens', { endpoint: config.endpoint });
  }

  async shutdown(): Promise<void> {
    const listener = this.#listener;
    this.#listener = undefined;
    await listener?.close(drainMs);
    await this.#client?.close();
    this.#client = undefined;
  }

  async #open() {
    const { createSmartMetricReader } = await import('../../storage/metrics/smart-reader.ts');
    const { query_timeout: timeoutMs, storage } = this.#config;
    const { clock } = this.#settings;
    const client = await openStorage(storage, this.#settings.host, timeoutMs);
    this.#client = client;
    const { max_series: series, max_samples: samples, max_names: names } = this.#config;
    const { database } = storage;
    const now = (): number => clock.unixMs();
    const limits = { series, samples, names };
    return createSmartMetricReader({ client, database, now, timeoutMs, limits });
  }
}
