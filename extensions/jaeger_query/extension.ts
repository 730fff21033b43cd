import type { AddressInfo } from 'node:net';
import type { Capabilities, Extension } from '../../component/extension.ts';
import type { Settings } from '../../component/settings.ts';
import { hostCheck } from '../../config/groups/host-check.ts';
import { type Listener, servePage } from '../../config/groups/http-listen.ts';
import { openAt } from '../../config/groups/listen.ts';
import type { SqlClient } from '../../storage/sql.ts';
import { openStorage } from '../../storage/target.ts';
import type { TraceReader } from '../../storage/traces/reader.ts';
import type { Config } from './config.ts';

/** Open requests have so long to be answered at shutdown. */
const drainMs = 2000;
/** Largest body of a request where the configuration does not say: a file to look at. */
const bodyBytes = 32 << 20;

/** Jaeger's query API over a ClickHouse, as an extension. */
export class JaegerQuery implements Extension {
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
    const { JaegerServer } = await import('./server.ts');
    const { intakeOf } = await import('../../pipeline/http-intake/receive.ts');
    const { clock, logger, build, budget } = this.#settings;
    const config = this.#config;
    const { base_path: basePath, ui_dir: dir, response_headers, additional_headers = [] } = config;
    const most = config.max_request_body_size || bodyBytes;
    const server = new JaegerServer({
      api: {
        reader: await this.#open(),
        nowNs: () => BigInt(Math.floor(clock.unixMs() * 1000)) * 1000n,
        maxTraces: config.max_traces,
        maxSpans: config.max_spans,
        maxClockSkewNs: BigInt(Math.round(config.max_clock_skew_adjust * 1e6)),
      },
      basePath,
      checkHost: hostCheck(config.endpoint, config.allowed_hosts),
      ui: dir === undefined ? undefined : { dir, basePath, version: build.version },
      intake: intakeOf({ ...config, max_request_body_size: most }, budget),
      maxConcurrent: config.max_concurrent,
      logger,
      clock,
      budget,
    });
    const headers = [...additional_headers, ...response_headers];
    this.#listener = await openAt(config.endpoint, () =>
      servePage({ ...config, response_headers: headers }, this.#settings, (request, response) =>
        server.handle(request, response),
      ),
    );
    logger.info('Jaeger query API listens', { endpoint: config.endpoint });
  }

  async shutdown(): Promise<void> {
    const listener = this.#listener;
    this.#listener = undefined;
    await listener?.close(drainMs);
    await this.#client?.close();
    this.#client = undefined;
  }

  async #open(): Promise<TraceReader> {
    const { openReader } = await import('./reader.ts');
    const { storage, query_timeout } = this.#config;
    this.#client = await openStorage(storage, this.#settings.host, query_timeout);
    return openReader(this.#settings, this.#config, this.#client);
  }
}
