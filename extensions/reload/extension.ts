import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Capabilities, Extension } from '../../component/extension.ts';
import type { Settings, Timer } from '../../component/settings.ts';
import { type Listener, serveHttp } from '../../config/groups/http-listen.ts';
import type { HttpServerConfig } from '../../config/groups/http-server.ts';
import { type Fingerprint, fingerprint } from './fingerprint.ts';

/** The keys as they are decoded; a way to reload that is undefined is off. */
export interface ReloadConfig {
  /** `interval` in milliseconds. */
  readonly watch?: { readonly interval: number } | undefined;
  readonly http?: HttpServerConfig | undefined;
}

const drainMs = 1000;

/** Asks the program to reload. */
export class ReloadExtension implements Extension {
  readonly capabilities: Capabilities = {};
  readonly #settings: Settings;
  readonly #config: ReloadConfig;
  #listener: Listener | undefined;
  #timer: Timer | undefined;
  #seen: Fingerprint = '';
  #stopped = false;

  constructor(settings: Settings, config: ReloadConfig) {
    this.#settings = settings;
    this.#config = config;
  }

  async start(): Promise<void> {
    const { http, watch } = this.#config;
    if (http !== undefined) {
      this.#listener = await serveHttp(http, this.#settings, (request, response) => {
        this.#answer(request, response).catch((error: unknown) => {
          this.#settings.logger.warn('Answering a reload failed', { error });
          response.destroy();
        });
      });
    }
    if (watch === undefined) return;
    this.#seen = await fingerprint(this.#settings.host.configFiles());
    this.#look(watch.interval);
  }

  async shutdown(): Promise<void> {
    this.#stopped = true;
    this.#timer?.cancel();
    // The answer to the request that replaces this extension is under way.
    await this.#listener?.close(drainMs);
    this.#listener = undefined;
  }

  #look(intervalMs: number): void {
    this.#timer = this.#settings.clock.after(intervalMs, () => {
      void this.#compare().then(() => {
        if (!this.#stopped) this.#look(intervalMs);
      });
    });
  }

  async #compare(): Promise<void> {
    const { host } = this.#settings;
    const now = await fingerprint(host.configFiles());
    if (now === this.#seen || this.#stopped) return;
    this.#seen = now;
    await host.reload('a file has changed');
    this.#seen = await fingerprint(host.configFiles());
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    request.resume();
    if (request.url !== '/-/reload') return send(response, 404, { error: 'not found' });
    if (request.method !== 'POST') {
      response.setHeader('allow', 'POST');
      return send(response, 405, { error: 'method not allowed, supported: [POST]' });
    }
    // A page in a browser cannot do without this header; nobody else sends it.
    if (request.headers.origin !== undefined) {
      return send(response, 403, { error: 'requests of web pages are refused' });
    }
    const result = await this.#settings.host.reload('HTTP');
    send(response, result.changed ? 200 : 400, result);
  }
}

function send(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(`${JSON.stringify(body)}\n`);
}
