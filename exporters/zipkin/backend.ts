import { PipelineError } from '../../component/errors.ts';
import type { Settings } from '../../component/settings.ts';
import type { Signal } from '../../component/signals.ts';
import { isHttpUrl } from '../../config/groups/http-client.ts';
import type { Batch, Traces } from '../../pdata/batch.ts';
import type { Attempt, PushBackend } from '../../pipeline/exporter.ts';
import type { Answer } from '../../pipeline/http-client/answer.ts';
import { retryAfterMs } from '../../pipeline/http-client/failure.ts';
import { HttpPoster } from '../../pipeline/http-client/poster.ts';
import { codeOfHttp } from '../../wire/status/http.ts';
import {
  type Conventions,
  conventionsOf,
  defaultConventions,
} from '../../wire/zipkin/conventions.ts';
import { writeZipkinJson, writeZipkinProto } from '../../wire/zipkin/write.ts';
import { missingName, type ZipkinExporterConfig } from './config.ts';

/** Statuses that say that the same request will be refused again. */
const final: ReadonlySet<number> = new Set([
  400, 401, 403, 404, 405, 406, 410, 411, 413, 414, 415, 422,
]);

/** Posts spans to a Zipkin server. */
export class ZipkinBackend<S extends Signal> implements PushBackend<S> {
  readonly #settings: Settings;
  readonly #config: ZipkinExporterConfig;
  readonly #poster: HttpPoster;
  #conventions: Conventions = defaultConventions;

  constructor(settings: Settings, config: ZipkinExporterConfig) {
    this.#settings = settings;
    this.#config = config;
    const type = config.format === 'json' ? 'application/json' : 'application/x-protobuf';
    this.#poster = new HttpPoster(settings, config, config.endpoint, { 'content-type': type });
  }

  async start(): Promise<void> {
    const { endpoint } = this.#config;
    if (!isHttpUrl(endpoint)) {
      throw new Error(`cannot send to ${JSON.stringify(endpoint)}: expected an http or https URL`);
    }
    this.#conventions = conventionsOf((gate) => this.#settings.gates.enabled(gate));
    await this.#poster.start();
  }

  shutdown(): Promise<void> {
    return this.#poster.shutdown();
  }

  async push(batch: Batch<S>, attempt: Attempt): Promise<void> {
    const { format, default_service_name: given } = this.#config;
    const noName = given === missingName ? undefined : given;
    const write = format === 'json' ? writeZipkinJson : writeZipkinProto;
    const { body, spans, withoutId } = write(batch as Traces, {
      noName,
      conventions: this.#conventions,
    });
    if (spans > 0) {
      const answer = await this.#poster.post([body], attempt);
      if (answer.status < 200 || answer.status > 299) throw this.#error(answer);
    }
    if (withoutId === 0) return;
    this.#settings.logger.error('Spans without trace id or span id are not sent', {
      spans: withoutId,
    });
    if (attempt.progress === undefined) return;
    attempt.progress.leftOut = withoutId;
    attempt.progress.leftOutAs = 'no_id';
  }

  #error({ status, retryAfter, body }: Answer): PipelineError {
    const said = body.toString('utf8').slice(0, 1000).trim();
    const delay = retryAfterMs(retryAfter, this.#settings.clock.unixMs());
    return new PipelineError(
      `failed the request with status code ${status}${said === '' ? '' : `: ${said}`}`,
      {
        retryable: !final.has(status),
        status: codeOfHttp(status),
        ...(delay === undefined ? {} : { retryAfterMs: delay }),
      },
    );
  }
}
