import type { ClientAuth } from '../../component/extension.ts';
import type { Settings } from '../../component/settings.ts';
import type { Signal, SignalData } from '../../component/signals.ts';
import { askCredentials, clientAuth, refuseMiddlewares } from '../../config/groups/auth.ts';
import { sendable } from '../../config/groups/headers.ts';
import { compressionLevel, isHttpUrl } from '../../config/groups/http-client.ts';
import { proxyFor } from '../../config/groups/proxy.ts';
import { tlsClientSource } from '../../config/groups/tls-reload.ts';
import { toJsonChunks } from '../../pdata/json.ts';
import type { Attempt, PushBackend } from '../../pipeline/exporter.ts';
import { type Compress, createCompressor } from '../../wire/compression/compressor.ts';
import {
  decodePartialSuccess,
  type PartialSuccess,
  partialSuccessOfJson,
} from '../../wire/status/partial-success.ts';
import type { Answer } from './answer.ts';
import type { HttpClient } from './client.ts';
import type { OtlpHttpConfig } from './config.ts';
import { pipelineErrorOf } from './failure.ts';

const defaultConnections = 100;
/** As long as timers go: an idle connection stays. */
const foreverMs = 2 ** 31 - 1;

const paths: Readonly<Record<Signal, string>> = {
  traces: '/v1/traces',
  metrics: '/v1/metrics',
  logs: '/v1/logs',
  profiles: '/v1development/profiles',
};

/** @returns the URL that a signal is posted to; '' when none is configured */
export function urlOf(signal: Signal, config: OtlpHttpConfig): string {
  const own = config[`${signal}_endpoint`];
  if (own !== '' || config.endpoint === '') return own;
  return config.endpoint.replace(/\/$/, '') + paths[signal];
}

function headersOf(settings: Settings, config: OtlpHttpConfig): Map<string, string> {
  const { build } = settings;
  const { compression } = config;
  const headers = new Map([
    ['content-type', config.encoding === 'json' ? 'application/json' : 'application/x-protobuf'],
    ['user-agent', `${build.command}/${build.version} (${process.platform}/${process.arch})`],
  ]);
  if (compression !== 'none' && compression !== '') headers.set('content-encoding', compression);
  for (const [name, value] of sendable(config.headers)) headers.set(name, value);
  return headers;
}

function join(parts: readonly Uint8Array[]): Buffer {
  const [only] = parts;
  if (parts.length !== 1 || only === undefined) return Buffer.concat(parts);
  return Buffer.from(only.buffer, only.byteOffset, only.byteLength);
}

/** Posts batches of one signal. */
export class OtlpHttpBackend<S extends Signal> implements PushBackend<S> {
  readonly #signal: S;
  readonly #settings: Settings;
  readonly #config: OtlpHttpConfig;
  readonly #url: string;
  #client: HttpClient | undefined;
  #auth: ClientAuth | undefined;
  #headers: ReadonlyMap<string, string> = new Map();
  #compress: Compress = join;

  constructor(signal: S, settings: Settings, config: OtlpHttpConfig) {
    this.#signal = signal;
    this.#settings = settings;
    this.#config = config;
    this.#url = urlOf(signal, config);
  }

  async start(): Promise<void> {
    const config = this.#config;
    const { host } = this.#settings;
    const url = this.#url;
    if (url === '') {
      throw new Error(`cannot send ${this.#signal}: no endpoint for it is configured`);
    }
    if (!isHttpUrl(url)) {
      throw new Error(`cannot send to ${JSON.stringify(url)}: expected an http or https URL`);
    }
    refuseMiddlewares(host, config.middlewares);
    this.#auth = clientAuth(host, config.auth);
    const { compression } = config;
    if (compression !== 'none' && compression !== '') {
      this.#compress = await createCompressor(compression, compressionLevel(config));
    }
    this.#headers = headersOf(this.#settings, config);
    this.#client = await this.#connect();
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

  async push(batch: SignalData[S], attempt: Attempt): Promise<void> {
    const client = this.#client;
    if (client === undefined) throw new Error('BUG: push before start');
    const auth = this.#auth;
    let changes = auth && askCredentials(auth, { headers: this.#headers, client: attempt.client });
    if (changes instanceof Promise) changes = await changes;
    const json = this.#config.encoding === 'json';
    const parts = json
      ? Array.from(toJsonChunks(batch), (text) => Buffer.from(text))
      : batch.ranges();
    const packed = this.#compress(parts);
    const body = packed instanceof Promise ? await packed : packed;
    const answer = await client.post(body, attempt.deadlineMs, changes);
    if (answer.status < 200 || answer.status > 299) {
      throw pipelineErrorOf(this.#url, answer, this.#settings.clock.unixMs());
    }
    if (answer.body.length > 0) this.#warn(answer);
  }

  #warn(answer: Answer): void {
    const partial = partialOf(answer);
    if (partial === undefined) return;
    const { message, rejected } = partial;
    this.#settings.logger.warn('Partial success response', { message, dropped_items: rejected });
  }
}

function partialOf(answer: Answer): PartialSuccess | undefined {
  const type = answer.contentType.split(';')[0]?.trim().toLowerCase();
  if (type === 'application/x-protobuf') return decodePartialSuccess(answer.body);
  if (type === 'application/json') return partialSuccessOfJson(answer.body.toString('utf8'));
  return undefined;
}
