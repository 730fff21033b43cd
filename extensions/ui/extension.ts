import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import type { Capabilities, Extension } from '../../component/extension.ts';
import type { Settings } from '../../component/settings.ts';
import { hostCheck } from '../../config/groups/host-check.ts';
import { type Listener, servePage } from '../../config/groups/http-listen.ts';
import { openAt } from '../../config/groups/listen.ts';
import type { SqlClient } from '../../storage/sql.ts';
import { openStorage } from '../../storage/target.ts';
import type { Config } from './config.ts';

/** Open requests have so long to be answered at shutdown. */
const drainMs = 500;
/** Largest body of a request where the configuration does not say. */
const bodyBytes = 1 << 20;
/** Where the built page is. */
const built = fileURLToPath(new URL('../../ui/dist', import.meta.url));

/** The page and its API, as an extension. */
export class Ui implements Extension {
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
    const { UiServer } = await import('./server.ts');
    const { readPage } = await import('./files.ts');
    const { uiRoutes } = await import('./routes.ts');
    const { intakeOf } = await import('../../pipeline/http-intake/receive.ts');
    const token = Buffer.from(settings.random.bytes(16)).toString('hex');
    const client = await this.#open();
    const most = config.max_request_body_size || bodyBytes;
    const server = new UiServer({
      routes: await uiRoutes({ settings, config, client, token }),
      files: await readPage(built, config.base_path),
      basePath: config.base_path,
      token,
      checkHost: hostCheck(config.endpoint, config.allowed_hosts),
      intake: intakeOf({ ...config, max_request_body_size: most }, settings.budget),
      maxConcurrent: config.max_concurrent,
      logger: settings.logger,
    });
    this.#listener = await openAt(config.endpoint, () =>
      servePage(config, settings, (request, response) => server.handle(request, response)),
    );
    settings.logger.info('The page listens', { endpoint: config.endpoint });
  }

  async shutdown(): Promise<void> {
    const listener = this.#listener;
    this.#listener = undefined;
    await listener?.close(drainMs);
    await this.#client?.close();
    this.#client = undefined;
  }

  async #open(): Promise<SqlClient | undefined> {
    const { storage, query_timeout: timeoutMs } = this.#config;
    if (storage === undefined) return undefined;
    this.#client = await openStorage(storage, this.#settings.host, timeoutMs);
    return this.#client;
  }
}
