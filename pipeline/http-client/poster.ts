import type { ClientAuth } from '../../component/extension.ts';
import type { Settings } from '../../component/settings.ts';
import { askCredentials, clientAuth, refuseMiddlewares } from '../../config/groups/auth.ts';
import { sendable } from '../../config/groups/headers.ts';
import { compressionLevel, type HttpClientConfig } from '../../config/groups/http-client.ts';
import { watchClient } from '../../config/groups/http-metrics.ts';
import { proxyFor } from '../../config/groups/proxy.ts';
import { tlsClientSource } from '../../config/groups/tls-reload.ts';
import { type Compress, createCompressor } from '../../wire/compression/compressor.ts';
import type { Attempt } from '../backend.ts';
import type { Answer } from './answer.ts';
import type { HttpClient } from './client.ts';

const defaultConnections = 100;
/** As long as timers go: an idle connection stays. */
const foreverMs = 2 ** 31 - 1;

function join(parts: readonly Uint8Array[]): Buffer {
  const [only] = parts;
  if (parts.length !== 1 || only === undefined) return Buffer.concat(parts);
  return Buffer.from(only.buffer, only.byteOffset, only.byteLength);
}

/** What went wrong with a connection: the system's code where there is one. */
function causeOf(error: unknown): string {
  const { cause } = error as { readonly cause?: { readonly code?: unknown } };
  return typeof cause?.code === 'string' ? cause.code : '_OTHER';
}

/**
 * Posts bodies to one URL as the keys of an HTTP client say: compression, headers, credentials,
 * TLS, proxy, connections.
 */
export class HttpPoster {
  readonly #settings: Settings;
  readonly #config: HttpClientConfig;
  readonly #url: string;
  readonly #own: Readonly<Record<string, string>>;
  #client: HttpClient | undefined;
  #auth: ClientAuth | undefined;
  #headers: ReadonlyMap<string, string> = new Map();
  #compress: Compress = join;
  readonly #watch: ReturnType<typeof watchClient>;

  /**
   * @param url http or https
   * @param own headers of every request, in lower case; configured ones go before them
   */
  constructor(
    settings: Settings,
    config: HttpClientConfig,
    url: string,
    own: Readonly<Record<string, string>>,
  ) {
    this.#settings = settings;
    this.#config = config;
    this.#url = url;
    this.#own = own;
    this.#watch = watchClient(settings, url);
  }

  async start(): Promise<void> {
    const config = this.#config;
    const { host } = this.#settings;
    refuseMiddlewares(host, config.middlewares);
    this.#auth = clientAuth(host, config.auth);
    const { compression } = config;
    if (compression !== 'none' && compression !== '') {
      this.#compress = await createCompressor(compression, compressionLevel(config));
    }
    this.#headers = this.#headersOf();
    this.#client = await this.#connect();
  }

  #headersOf(): Map<string, string> {
    const { build } = this.#settings;
    const { compression } = this.#config;
    const agent = `${build.command}/${build.version} (${process.platform}/${process.arch})`;
    const headers = new Map([['user-agent', agent], ...Object.entries(this.#own)]);
    if (compression !== 'none' && compression !== '') headers.set('content-encoding', compression);
    for (const [name, value] of sendable(this.#config.headers)) headers.set(name, value);
    return headers;
  }

  async #connect(): Promise<HttpClient> {
    const config = this.#config;
    const tls = tlsClientSource(config.tls, this.#settings);
    if (this.#url.startsWith('https:')) await tls();
    const { HttpClient } = await import('./client.ts');
    return HttpClient.create({
      url: this.#url,
      headers: this.#headers,
      clock: this.#settings.clock,
      tls,
      proxyUrl: config.proxy_url || proxyFor(this.#url, process.env),
      maxConnections:
        config.max_conns_per_host > 0 ? config.max_conns_per_host : defaultConnections,
      idleMs: config.idle_conn_timeout > 0 ? config.idle_conn_timeout : foreverMs,
      keepAlive: !config.disable_keep_alives,
      http2: config.force_attempt_http2,
      pingMs: Math.max(0, config.http2_read_idle_timeout),
      cookies: config.cookies !== undefined,
    });
  }

  async shutdown(): Promise<void> {
    const client = this.#client;
    this.#client = undefined;
    await client?.close();
  }

  /**
   * @param parts the body before compression; must not change until the request has ended
   * @throws PipelineError when there is no answer
   */
  async post(
    parts: readonly Uint8Array[],
    attempt: Pick<Attempt, 'deadlineMs' | 'client'>,
  ): Promise<Answer> {
    const client = this.#client;
    if (client === undefined) throw new Error('BUG: post before start');
    const auth = this.#auth;
    let changes = auth && askCredentials(auth, { headers: this.#headers, client: attempt.client });
    if (changes instanceof Promise) changes = await changes;
    const packed = this.#compress(parts);
    const body = packed instanceof Promise ? await packed : packed;
    const ended = this.#watch(body.length);
    try {
      const answer = await client.post(body, attempt.deadlineMs, changes);
      ended?.({ status: answer.status });
      return answer;
    } catch (error) {
      ended?.({ error: causeOf(error) });
      throw error;
    }
  }
}
