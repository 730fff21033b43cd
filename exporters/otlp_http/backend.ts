import type { Settings } from '../../component/settings.ts';
import type { Signal, SignalData } from '../../component/signals.ts';
import { loadTlsClient } from '../../config/groups/tls-load.ts';
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
const defaultIdleMs = 90_000;

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

function headersOf(settings: Settings, config: OtlpHttpConfig): Record<string, string> {
  const { build } = settings;
  const { compression } = config;
  const headers: Record<string, string> = {
    'content-type': config.encoding === 'json' ? 'application/json' : 'application/x-protobuf',
    'user-agent': `${build.command}/${build.version} (${process.platform}/${process.arch})`,
  };
  if (compression !== 'none' && compression !== '') headers['content-encoding'] = compression;
  for (const [name, value] of config.headers) headers[name.toLowerCase()] = value.reveal();
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
  #compress: Compress = join;

  constructor(signal: S, settings: Settings, config: OtlpHttpConfig) {
    this.#signal = signal;
    this.#settings = settings;
    this.#config = config;
    this.#url = urlOf(signal, config);
  }

  async start(): Promise<void> {
    const config = this.#config;
    if (this.#url === '') {
      throw new Error(`cannot send ${this.#signal}: no endpoint for it is configured`);
    }
    const { compression } = config;
    if (compression !== 'none' && compression !== '') {
      this.#compress = await createCompressor(compression, config.compression_params?.level);
    }
    const { HttpClient } = await import('./client.ts');
    this.#client = await HttpClient.create({
      url: this.#url,
      headers: headersOf(this.#settings, config),
      clock: this.#settings.clock,
      tls: config.tls === undefined ? {} : await loadTlsClient(config.tls),
      proxyUrl: config.proxy_url,
      maxConnections: config.max_conns_per_host || defaultConnections,
      idleMs: config.idle_conn_timeout || defaultIdleMs,
      keepAlive: !config.disable_keep_alives,
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
    const json = this.#config.encoding === 'json';
    const parts = json
      ? Array.from(toJsonChunks(batch), (text) => Buffer.from(text))
      : batch.ranges();
    const packed = this.#compress(parts);
    const body = packed instanceof Promise ? await packed : packed;
    const answer = await client.post(body, attempt.deadlineMs);
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
