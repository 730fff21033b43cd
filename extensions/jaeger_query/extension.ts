import { once } from 'node:events';
import type { Server } from 'node:http';
import type { Capabilities, Extension } from '../../component/extension.ts';
import type { Settings } from '../../component/settings.ts';
import { hostCheck } from '../../config/groups/host-check.ts';
import { parseEndpoint } from '../../config/schema/index.ts';
import type { SqlClient } from '../../storage/sql.ts';
import { storageTarget } from '../../storage/target.ts';
import type { TraceReader } from '../../storage/traces/reader.ts';
import type { Config } from './config.ts';

/** Jaeger's query API over a ClickHouse, as an extension. */
export class JaegerQuery implements Extension {
  readonly capabilities: Capabilities = {};
  readonly #settings: Settings;
  readonly #config: Config;
  #server: Server | undefined;
  #client: SqlClient | undefined;

  constructor(settings: Settings, config: Config) {
    this.#settings = settings;
    this.#config = config;
  }

  async start(): Promise<void> {
    const { jaegerServer } = await import('../../query/jaeger/server.ts');
    const { clock, logger, build, host: program } = this.#settings;
    const config = this.#config;
    const listen = parseEndpoint(config.endpoint) ?? { host: 'localhost', port: 0 };
    const { base_path: basePath, ui_dir: dir } = config;
    const server = jaegerServer({
      reader: await this.#open(),
      nowNs: () => BigInt(Math.floor(clock.unixMs() * 1000)) * 1000n,
      maxTraces: config.max_traces,
      maxClockSkewNs: BigInt(Math.round(config.max_clock_skew_adjust * 1e6)),
      basePath,
      checkHost: hostCheck(config.endpoint, config.allowed_hosts),
      ui: dir === undefined ? undefined : { dir, basePath, version: build.version },
      additionalHeaders: config.additional_headers,
      onBug: (error) => {
        const stack = error instanceof Error ? error.stack : String(error);
        logger.error('BUG: a query failed', { error: stack });
      },
    });
    this.#server = server;
    server.listen(listen.port, listen.host === '' ? undefined : listen.host);
    try {
      await once(server, 'listening');
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      throw new Error(`cannot listen on ${JSON.stringify(config.endpoint)}: ${why}`);
    }
    server.on('error', (error) => program.fatal(error));
    logger.info('Jaeger query API listens', { endpoint: config.endpoint });
  }

  async shutdown(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    if (server?.listening === true) {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    }
    await this.#client?.close();
    this.#client = undefined;
  }

  async #open(): Promise<TraceReader> {
    const { createHttpClient } = await import('../../storage/http-client.ts');
    const { openReader } = await import('./reader.ts');
    const timeoutMs = this.#config.query_timeout;
    this.#client = createHttpClient({
      ...storageTarget(this.#config.storage, this.#settings.host),
      timeoutMs,
    });
    return openReader(this.#settings, this.#config, this.#client);
  }
}
