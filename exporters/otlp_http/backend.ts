import type { Attributes, Settings } from '../../component/settings.ts';
import type { Signal } from '../../component/signals.ts';
import { isHttpUrl } from '../../config/groups/http-client.ts';
import type { Batch } from '../../pdata/batch.ts';
import { toJsonChunks } from '../../pdata/json.ts';
import type { Attempt, PushBackend } from '../../pipeline/exporter.ts';
import type { Answer } from '../../pipeline/http-client/answer.ts';
import { HttpPoster } from '../../pipeline/http-client/poster.ts';
import { tellPartialSuccess } from '../../pipeline/partial-success.ts';
import {
  decodePartialSuccess,
  type PartialSuccess,
  partialSuccessOfJson,
} from '../../wire/status/partial-success.ts';
import type { OtlpHttpConfig } from './config.ts';
import { pipelineErrorOf } from './failure.ts';

const paths: Readonly<Record<Signal, string>> = {
  traces: '/v1/traces',
  metrics: '/v1/metrics',
  logs: '/v1/logs',
  profiles: '/v1development/profiles',
};

/** @returns the URL that a signal is posted to; '' when none is configured */
function urlOf(signal: Signal, config: OtlpHttpConfig): string {
  const own = config[`${signal}_endpoint`];
  if (own !== '' || config.endpoint === '') return own;
  return config.endpoint.replace(/\/$/, '') + paths[signal];
}

/** The parts of a URL as attributes of metrics. */
function placeOf(url: string): Attributes {
  if (!URL.canParse(url)) return {};
  const { hostname, port, pathname } = new URL(url);
  const server = { 'server.address': hostname.replace(/^\[(.+)\]$/, '$1'), 'url.path': pathname };
  return port === '' ? server : { ...server, 'server.port': port };
}

/** Posts batches of one signal. */
export class OtlpHttpBackend<S extends Signal> implements PushBackend<S> {
  readonly attributes: Attributes;
  readonly #signal: S;
  readonly #settings: Settings;
  readonly #url: string;
  readonly #json: boolean;
  readonly #poster: HttpPoster;

  constructor(signal: S, settings: Settings, config: OtlpHttpConfig) {
    this.#signal = signal;
    this.#settings = settings;
    this.#url = urlOf(signal, config);
    this.attributes = placeOf(this.#url);
    this.#json = config.encoding === 'json';
    const type = this.#json ? 'application/json' : 'application/x-protobuf';
    this.#poster = new HttpPoster(settings, config, this.#url, { 'content-type': type });
  }

  async start(): Promise<void> {
    const url = this.#url;
    if (url === '') {
      throw new Error(`cannot send ${this.#signal}: no endpoint for it is configured`);
    }
    if (!isHttpUrl(url)) {
      throw new Error(`cannot send to ${JSON.stringify(url)}: expected an http or https URL`);
    }
    await this.#poster.start();
  }

  shutdown(): Promise<void> {
    return this.#poster.shutdown();
  }

  async push(batch: Batch<S>, attempt: Attempt): Promise<void> {
    const parts = this.#json
      ? Array.from(toJsonChunks(batch), (text) => Buffer.from(text))
      : batch.ranges();
    const answer = await this.#poster.post(parts, attempt);
    if (answer.status < 200 || answer.status > 299) {
      throw pipelineErrorOf(this.#url, answer, this.#settings.clock.unixMs());
    }
    const partial = answer.body.length > 0 ? partialOf(answer) : undefined;
    if (partial === undefined) return;
    tellPartialSuccess(partial, batch.itemCount, attempt.progress, this.#settings.logger);
  }
}

function partialOf(answer: Answer): PartialSuccess | undefined {
  const type = answer.contentType.split(';')[0]?.trim().toLowerCase();
  if (type === 'application/x-protobuf') return decodePartialSuccess(answer.body);
  if (type === 'application/json') return partialSuccessOfJson(answer.body.toString('utf8'));
  return undefined;
}
