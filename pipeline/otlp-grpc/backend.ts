import type { Attributes, Settings } from '../../component/settings.ts';
import type { Signal } from '../../component/signals.ts';
import { clientAuth, refuseMiddlewares } from '../../config/groups/auth.ts';
import { watchCalls } from '../../config/groups/rpc-metrics.ts';
import type { Batch } from '../../pdata/batch.ts';
import { type Compress, createCompressor } from '../../wire/compression/compressor.ts';
import { GrpcError } from '../../wire/grpc/grpc-error.ts';
import { otlpPaths } from '../../wire/grpc/otlp-paths.ts';
import { Code } from '../../wire/status/code.ts';
import { decodePartialSuccess } from '../../wire/status/partial-success.ts';
import type { Attempt, PushBackend } from '../exporter.ts';
import { tellPartialSuccess } from '../partial-success.ts';
import type { Channel } from './channel.ts';
import type { OtlpGrpcConfig } from './config.ts';
import { Credentials } from './credentials.ts';
import { pipelineError } from './failure.ts';
import { channelOptions } from './options.ts';

/** Host and port of an endpoint as attributes of metrics; the whole of one that has no port. */
function placeOf(endpoint: string): Attributes {
  const [, bracketed, plain, port] = /^(?:\[(.*)\]|([^:]*)):([^:]*)$/.exec(endpoint) ?? [];
  const host = bracketed ?? plain;
  if (host === undefined || port === undefined) return { 'server.address': endpoint };
  return /^[+-]?\d+$/.test(port)
    ? { 'server.address': host, 'server.port': port }
    : { 'server.address': host };
}

/** Sends batches of one signal by unary calls over one connection. */
export class OtlpGrpcBackend<S extends Signal> implements PushBackend<S> {
  readonly attributes: Attributes;
  readonly #signal: S;
  readonly #settings: Settings;
  readonly #config: OtlpGrpcConfig;
  #channel: Channel | undefined;
  #credentials: Credentials | undefined;
  #compress: Compress | undefined;
  readonly #watch: ReturnType<typeof watchCalls>;

  constructor(signal: S, settings: Settings, config: OtlpGrpcConfig) {
    this.#signal = signal;
    this.#settings = settings;
    this.#config = config;
    this.attributes = placeOf(config.endpoint);
    this.#watch = watchCalls(settings, otlpPaths[signal], this.attributes);
  }

  async start(): Promise<void> {
    const config = this.#config;
    const { host, logger } = this.#settings;
    const options = channelOptions(this.#signal, this.#settings, config);
    refuseMiddlewares(host, config.middlewares);
    if (options.tls !== undefined && config.endpoint.startsWith('http://')) {
      const advice =
        'TLS is used although the endpoint begins with http://; tls::insecure ends that';
      logger.warn(advice, { endpoint: config.endpoint });
    }
    const auth = clientAuth(host, config.auth, options.tls !== undefined);
    if (auth !== undefined) this.#credentials = new Credentials(auth);
    const { encoding } = options;
    if (encoding !== undefined) {
      this.#compress = await createCompressor(encoding === 'snappy' ? 'x-snappy-framed' : encoding);
    }
    const { createChannel } = await import('./channel.ts');
    if (options.tls !== undefined) await options.tls();
    this.#channel = createChannel(options);
  }

  async shutdown(): Promise<void> {
    this.#channel?.close();
    this.#channel = undefined;
  }

  async push(batch: Batch<S>, attempt: Attempt): Promise<void> {
    const channel = this.#channel;
    if (channel === undefined) throw new Error('BUG: push before start');
    let extra = this.#credentials?.fields(attempt.client);
    if (extra instanceof Promise) extra = await extra;
    let parts = batch.ranges();
    const compress = this.#compress;
    if (compress !== undefined) {
      const packed = compress(parts);
      parts = [packed instanceof Promise ? await packed : packed];
    }
    let answer: Buffer;
    const ended = this.#watch();
    try {
      answer = await channel.call(parts, compress !== undefined, attempt.deadlineMs, extra);
      ended?.(Code.OK, true);
    } catch (error) {
      if (error instanceof GrpcError) ended?.(error.code, error.unknownOutcome);
      throw pipelineError(error);
    }
    const partial = answer.length > 0 ? decodePartialSuccess(answer) : undefined;
    if (partial === undefined) return;
    tellPartialSuccess(partial, batch.itemCount, attempt.progress, this.#settings.logger);
  }
}
