import { readFile } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Extension } from '../../component/extension.ts';
import type { Settings, Timer } from '../../component/settings.ts';
import { openGrpcServer } from '../../config/groups/grpc-listen.ts';
import { fetchOnce } from '../../config/groups/http-fetch.ts';
import { type Listener, notFound, pathOf, serveHttp } from '../../config/groups/http-listen.ts';
import { openAt } from '../../config/groups/listen.ts';
import { WireError } from '../../pdata/wire-error.ts';
import type { ServerCall } from '../../wire/grpc/server-call.ts';
import { Code } from '../../wire/status/code.ts';
import { serviceOf, strategyJson, strategyProto } from './answer.ts';
import type { RemoteSamplingConfig } from './config.ts';
import { readStrategies, type Strategies, type Strategy } from './strategies.ts';

const method = '/jaeger.api_v2.SamplingManager/GetSamplingStrategy';
const fetchTimeoutMs = 1000;
const drainMs = 1000;

/** Tells clients of Jaeger how much to sample. */
export class RemoteSampling implements Extension {
  readonly capabilities = {};
  readonly #settings: Settings;
  readonly #config: RemoteSamplingConfig;
  readonly #listeners: Listener[] = [];
  #strategies: Strategies = { fallback: { rate: 0 }, services: new Map() };
  #text = '';
  #timer: Timer | undefined;
  #stopped = false;

  constructor(settings: Settings, config: RemoteSamplingConfig) {
    this.#settings = settings;
    this.#config = config;
  }

  /** What is bound, once started: HTTP, then gRPC. */
  get addresses(): readonly Listener['address'][] {
    return this.#listeners.map(({ address }) => address);
  }

  async start(): Promise<void> {
    const { http, grpc } = this.#config;
    await this.#load();
    if (http !== undefined) {
      const open = () =>
        serveHttp(http, this.#settings, (request, response) => this.#answer(request, response));
      this.#listeners.push(await openAt(http.endpoint, open));
    }
    if (grpc !== undefined) {
      const open = () =>
        openGrpcServer(grpc, this.#settings, (admit) => {
          const handle = (call: ServerCall, message: Buffer): void =>
            admit(call, () => this.#call(call, message));
          return new Map([[method, handle]]);
        });
      this.#listeners.push(await openAt(grpc.endpoint, open));
    }
    this.#reloadLater();
  }

  async #load(): Promise<void> {
    const { file } = this.#config.source;
    const text = /^https?:\/\//.test(file) ? await this.#fetch(file) : await readText(file);
    if (text === this.#text) return;
    this.#strategies = readStrategies(text, (what) =>
      this.#settings.logger.warn('A sampling strategy is passed over', { reason: what }),
    );
    this.#text = text;
  }

  /** A server that is away for the moment means: nothing is said. */
  async #fetch(url: string): Promise<string> {
    const { status, body } = await fetchOnce({ url, method: 'GET', timeoutMs: fetchTimeoutMs });
    if (status === 503) return 'null';
    if (status !== 200) throw new Error(`cannot get strategies: ${url} answered ${status}`);
    return body;
  }

  #reloadLater(): void {
    const { reload_interval: ms } = this.#config.source;
    if (ms <= 0 || this.#stopped) return;
    this.#timer = this.#settings.clock.after(ms, () => {
      this.#load()
        .catch((error: Error) =>
          this.#settings.logger.error('Sampling strategies stay as they were', {
            error: error.message,
          }),
        )
        .finally(() => this.#reloadLater());
    });
  }

  #strategyOf(service: string): Strategy {
    return this.#strategies.services.get(service) ?? this.#strategies.fallback;
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    request.resume();
    if (pathOf(request) !== '/sampling') {
      notFound(response);
      return;
    }
    const query = new URLSearchParams((request.url ?? '').split('?')[1] ?? '');
    const service = query.get('service') ?? '';
    if (service === '') {
      response.writeHead(400, { 'content-type': 'text/plain; charset=utf-8' });
      response.end("'service' parameter must be provided\n");
      return;
    }
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(strategyJson(this.#strategyOf(service)));
  }

  #call(call: ServerCall, message: Buffer): void {
    try {
      call.ok(strategyProto(this.#strategyOf(serviceOf(message))));
    } catch (error) {
      if (!(error instanceof WireError)) throw error;
      call.fail(Code.INVALID_ARGUMENT, error.message);
    }
  }

  async shutdown(): Promise<void> {
    this.#stopped = true;
    this.#timer?.cancel();
    await Promise.all(this.#listeners.splice(0).map((listener) => listener.close(drainMs)));
  }
}

async function readText(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    const text = cause instanceof Error ? cause.message : String(cause);
    throw new Error(`failed to read strategies file ${path}: ${text}`, { cause });
  }
}
