import type { ConnectionOptions } from 'node:tls';
import type { buildConnector, Dispatcher } from 'undici';
import type { Clock, Timer } from '../../component/settings.ts';
import { type Answer, AnswerReader } from './answer.ts';
import { connectionError } from './failure.ts';

export interface HttpClientOptions {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly clock: Clock;
  readonly tls: ConnectionOptions;
  readonly proxyUrl?: string | undefined;
  readonly maxConnections: number;
  readonly idleMs: number;
  readonly keepAlive: boolean;
}

const sweepMs = 200;

interface OpenRequest {
  readonly reader: AnswerReader;
  readonly deadlineMs: number;
}

async function dispatcherOf(options: HttpClientOptions): Promise<Dispatcher> {
  const { Pool, ProxyAgent } = await import('undici');
  const common = {
    connections: options.maxConnections,
    keepAliveTimeout: options.idleMs,
    keepAliveMaxTimeout: options.idleMs,
    headersTimeout: 0,
    bodyTimeout: 0,
    pipelining: options.keepAlive ? 1 : 0,
  };
  const { proxyUrl, url } = options;
  const tls = options.tls as buildConnector.BuildOptions;
  if (proxyUrl !== undefined) return new ProxyAgent({ ...common, uri: proxyUrl, requestTls: tls });
  return new Pool(new URL(url).origin, { ...common, connect: tls });
}

/** Posts bodies to one URL over a bounded number of kept connections. */
export class HttpClient {
  readonly #options: HttpClientOptions;
  readonly #dispatcher: Dispatcher;
  readonly #origin: string;
  readonly #path: string;
  readonly #open = new Set<OpenRequest>();
  #timer: Timer | undefined;

  private constructor(options: HttpClientOptions, dispatcher: Dispatcher) {
    const url = new URL(options.url);
    this.#options = options;
    this.#dispatcher = dispatcher;
    this.#origin = url.origin;
    this.#path = url.pathname + url.search;
  }

  static async create(options: HttpClientOptions): Promise<HttpClient> {
    return new HttpClient(options, await dispatcherOf(options));
  }

  /**
   * @param body must not change until the request has ended
   * @param deadlineMs Clock.monotonicMs() at which it is given up
   * @throws PipelineError when there is no answer
   */
  post(body: Buffer, deadlineMs: number): Promise<Answer> {
    const { headers, url } = this.#options;
    return new Promise((resolve, reject) => {
      const settle = (): void => {
        this.#open.delete(open);
      };
      const reader = new AnswerReader(
        (answer) => {
          settle();
          resolve(answer);
        },
        (error, sent) => {
          settle();
          reject(connectionError(url, error, sent));
        },
      );
      const open = { reader, deadlineMs };
      this.#open.add(open);
      this.#watch();
      const request = { origin: this.#origin, path: this.#path, method: 'POST' as const };
      this.#dispatcher.dispatch({ ...request, headers, body }, reader);
    });
  }

  async close(): Promise<void> {
    this.#timer?.cancel();
    this.#timer = undefined;
    await this.#dispatcher.destroy();
  }

  /** One timer for all requests, while there are any. */
  #watch(): void {
    this.#timer ??= this.#options.clock.after(sweepMs, () => {
      this.#timer = undefined;
      const now = this.#options.clock.monotonicMs();
      for (const { reader, deadlineMs } of [...this.#open]) {
        if (deadlineMs <= now) reader.expire();
      }
      if (this.#open.size > 0) this.#watch();
    });
  }
}
