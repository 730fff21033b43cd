import type { Settings } from '../../component/settings.ts';
import type { Signal, SignalData } from '../../component/signals.ts';
import { parseGrpcEndpoint } from '../../config/groups/grpc-client.ts';
import type { TlsClientConfig } from '../../config/groups/tls.ts';
import { loadTlsClient } from '../../config/groups/tls-load.ts';
import type { Attempt, PushBackend } from '../../pipeline/exporter.ts';
import { type Compress, createCompressor } from '../../wire/compression/compressor.ts';
import type { GrpcClient, GrpcClientOptions } from '../../wire/grpc/client.ts';
import { otlpPaths } from '../../wire/grpc/otlp-paths.ts';
import { decodePartialSuccess } from '../../wire/status/partial-success.ts';
import type { OtlpGrpcConfig } from './config.ts';
import { pipelineError } from './failure.ts';

const maxCalls = 1000;

const tlsDefaults: TlsClientConfig = {
  insecure: false,
  insecure_skip_verify: false,
  include_system_ca_certs_pool: false,
  min_version: '1.2',
  cipher_suites: [],
  curve_preferences: [],
  reload_interval: 0,
};

function clientOptions(
  signal: Signal,
  settings: Settings,
  config: OtlpGrpcConfig,
): GrpcClientOptions {
  const parsed = parseGrpcEndpoint(config.endpoint);
  if (parsed === undefined) throw new Error(`BUG: endpoint ${JSON.stringify(config.endpoint)}`);
  const { build } = settings;
  const tls = config.tls ?? tlsDefaults;
  const secure = parsed.secure ?? !tls.insecure;
  const encoding = config.compression;
  const agent = `${build.command}/${build.version} (${process.platform}/${process.arch})`;
  return {
    target: parsed.target,
    path: otlpPaths[signal],
    authority: config.authority || parsed.authority,
    userAgent: config.user_agent || agent,
    headers: config.headers.map(([name, value]) => [name.toLowerCase(), value.reveal()] as const),
    encoding: encoding === 'none' || encoding === '' ? undefined : encoding,
    tls: secure ? () => loadTlsClient(tls) : undefined,
    keepalive: config.keepalive && {
      timeMs: config.keepalive.time,
      timeoutMs: config.keepalive.timeout,
      permitWithoutStream: config.keepalive.permit_without_stream,
    },
    timeoutMs: config.timeout,
    time: settings.clock,
    random: () => settings.random.float(),
    maxCalls,
  };
}

/** Sends batches of one signal by unary calls over one connection. */
export class OtlpGrpcBackend<S extends Signal> implements PushBackend<S> {
  readonly #signal: S;
  readonly #settings: Settings;
  readonly #config: OtlpGrpcConfig;
  #client: GrpcClient | undefined;
  #compress: Compress | undefined;

  constructor(signal: S, settings: Settings, config: OtlpGrpcConfig) {
    this.#signal = signal;
    this.#settings = settings;
    this.#config = config;
  }

  async start(): Promise<void> {
    const options = clientOptions(this.#signal, this.#settings, this.#config);
    const { encoding } = options;
    if (encoding !== undefined) {
      this.#compress = await createCompressor(encoding === 'snappy' ? 'x-snappy-framed' : encoding);
    }
    const { GrpcClient } = await import('../../wire/grpc/client.ts');
    if (options.tls !== undefined) await options.tls();
    this.#client = new GrpcClient(options);
  }

  async shutdown(): Promise<void> {
    this.#client?.close();
    this.#client = undefined;
  }

  async push(batch: SignalData[S], attempt: Attempt): Promise<void> {
    const client = this.#client;
    if (client === undefined) throw new Error('BUG: push before start');
    let parts = batch.ranges();
    const compress = this.#compress;
    if (compress !== undefined) {
      const packed = compress(parts);
      parts = [packed instanceof Promise ? await packed : packed];
    }
    let answer: Buffer;
    try {
      answer = await client.call(parts, compress !== undefined, attempt.deadlineMs);
    } catch (error) {
      throw pipelineError(error);
    }
    if (answer.length > 0) this.#warn(answer);
  }

  #warn(answer: Buffer): void {
    const partial = decodePartialSuccess(answer);
    if (partial === undefined) return;
    const { message, rejected } = partial;
    this.#settings.logger.warn('Partial success response', { message, dropped_items: rejected });
  }
}
