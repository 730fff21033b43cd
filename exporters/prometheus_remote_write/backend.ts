import { PipelineError } from '../../component/errors.ts';
import type { Settings } from '../../component/settings.ts';
import { isHttpUrl } from '../../config/groups/http-client.ts';
import type { Metrics } from '../../pdata/batch.ts';
import type { Attempt, PushBackend } from '../../pipeline/exporter.ts';
import type { Answer } from '../../pipeline/http-client/answer.ts';
import { retryAfterMs } from '../../pipeline/http-client/failure.ts';
import { HttpPoster } from '../../pipeline/http-client/poster.ts';
import { toSeries } from '../../wire/prometheus/from-otlp/convert.ts';
import type { SeriesRules } from '../../wire/prometheus/from-otlp/rules.ts';
import {
  type WrittenRequest,
  writeFamilies,
  writeSeries,
} from '../../wire/prometheus/remote-write/write.ts';
import { codeOfHttp } from '../../wire/status/http.ts';
import { gateIds, messageTypes, type RemoteWriteConfig } from './config.ts';
import { rulesOf } from './rules.ts';
import { Telemetry } from './telemetry.ts';

const headers = {
  1: {
    'content-type': 'application/x-protobuf',
    'x-prometheus-remote-write-version': '0.1.0',
  },
  2: {
    'content-type': `application/x-protobuf;proto=${messageTypes[2]}`,
    'x-prometheus-remote-write-version': '2.0.0',
  },
} as const;

/** Characters of an answer's text that are told. */
const textMax = 1024;

/** Where no key says how many requests go out at a time. */
const defaultParallel = 5;

/** A batch as requests; those that arrived are taken off, so that a retry sends the others. */
interface Prepared {
  readonly waiting: Set<WrittenRequest>;
  readonly leftOut: number;
}

/** Sends metrics by Prometheus remote write. */
export class RemoteWriteBackend implements PushBackend<'metrics'> {
  readonly #settings: Settings;
  readonly #config: RemoteWriteConfig;
  readonly #rules: SeriesRules;
  readonly #parallel: number;
  readonly #poster: HttpPoster;
  readonly #prepared = new WeakMap<Metrics, Prepared>();
  #telemetry: Telemetry | undefined;

  constructor(settings: Settings, config: RemoteWriteConfig) {
    this.#settings = settings;
    this.#config = config;
    this.#rules = rulesOf(config, settings.gates);
    this.#parallel = parallelOf(settings, config);
    const snappy = { ...config, compression: 'snappy' as const };
    const own = headers[this.#rules.version];
    this.#poster = new HttpPoster(settings, snappy, config.endpoint, own);
  }

  async start(): Promise<void> {
    const { endpoint } = this.#config;
    if (!isHttpUrl(endpoint)) {
      const quoted = JSON.stringify(endpoint);
      throw new Error(`cannot send to ${quoted}: expected an http or https URL`);
    }
    const { meter, id } = this.#settings;
    this.#telemetry = new Telemetry(meter, id, endpoint, this.#parallel);
    await this.#poster.start();
  }

  async shutdown(): Promise<void> {
    this.#telemetry?.end();
    await this.#poster.shutdown();
  }

  async push(batch: Metrics, attempt: Attempt): Promise<void> {
    let prepared = this.#prepared.get(batch);
    if (prepared === undefined) {
      prepared = this.#prepare(batch);
      this.#prepared.set(batch, prepared);
    }
    const { waiting, leftOut } = prepared;
    if (leftOut > 0 && attempt.progress !== undefined) {
      attempt.progress.leftOut = leftOut;
      attempt.progress.leftOutAs = 'not_translatable';
    }
    const errors: PipelineError[] = [];
    const queue = [...waiting];
    const work = async (): Promise<void> => {
      for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
        try {
          await this.#send(next, attempt);
          waiting.delete(next);
        } catch (thrown) {
          errors.push(PipelineError.from(thrown));
        }
      }
    };
    await Promise.all(Array.from({ length: Math.min(this.#parallel, queue.length) }, work));
    const worst = errors.find(({ retryable }) => retryable) ?? errors[0];
    if (worst !== undefined) throw worst;
  }

  #prepare(batch: Metrics): Prepared {
    const { request, faults, leftOut } = toSeries(batch, this.#rules);
    const telemetry = this.#telemetry!;
    telemetry.add('translated_time_series', request.seriesCount);
    if (faults.length > 0) {
      telemetry.add('failed_translations', 1);
      this.#settings.logger.debug('failed to translate metrics, exporting remaining metrics', {
        error: faults.join('; '),
        translated: request.seriesCount,
      });
    }
    const { max_batch_size_bytes: most } = this.#config;
    const requests = writeSeries(request, this.#rules.version, most);
    if (this.#rules.families) requests.push(...writeFamilies(request, most));
    return { waiting: new Set(requests), leftOut };
  }

  async #send({ parts }: WrittenRequest, attempt: Attempt): Promise<void> {
    this.#telemetry!.add('sent_batches', 1);
    const answer = await this.#poster.post(parts, attempt);
    if (this.#rules.version === 2) this.#noteWritten(answer);
    if (answer.status >= 200 && answer.status < 300) return;
    throw this.#errorOf(answer);
  }

  #errorOf(answer: Answer): PipelineError {
    const { status, body } = answer;
    const text = body.toString('utf8', 0, textMax).trim();
    const { endpoint } = this.#config;
    const said = text === '' ? '' : `: ${text}`;
    const message = `remote write request to ${endpoint} failed with HTTP status ${status}${said}`;
    const retryable = status >= 500 || status === 429;
    const delay = retryAfterMs(answer.retryAfter, this.#settings.clock.unixMs());
    return new PipelineError(message, {
      retryable,
      status: codeOfHttp(status),
      ...(retryable && delay !== undefined ? { retryAfterMs: delay } : {}),
    });
  }

  #noteWritten({ headers: given }: Answer): void {
    for (const what of ['samples', 'histograms', 'exemplars'] as const) {
      const name = `x-prometheus-remote-write-${what}-written`;
      const value = [given[name] ?? []].flat()[0];
      if (value === undefined) {
        this.#settings.logger.warn(
          `${name} is missing from the answer: the endpoint may not support remote write 2.0`,
          { endpoint: this.#config.endpoint },
        );
      } else if (/^\d{1,15}$/.test(value)) {
        this.#telemetry!.add(`written_${what}`, Number(value));
      }
    }
  }
}

/** Requests of one batch that may be under way at a time. */
function parallelOf({ gates }: Settings, config: RemoteWriteConfig): number {
  const { max_batch_request_parallelism: given, remote_write_queue: queue } = config;
  if (given != null) return given;
  return gates.enabled(gateIds.workers) ? defaultParallel : Math.max(1, queue.num_consumers);
}
