import { background } from '../../component/consumer.ts';
import type { Settings, Timer } from '../../component/settings.ts';
import type { MetricsBuilder } from '../../pdata/builder.ts';
import type { Outlet } from '../../pipeline/outlet.ts';
import { type BodyBuffers, TooLong } from './body.ts';
import type { Answered, Fetcher } from './fetcher.ts';
import { acceptOf, formatOf } from './format.ts';
import { Ingest, type Report } from './ingest.ts';
import type { Job } from './job.ts';
import { resourceOf } from './resource.ts';
import type { Schedule } from './schedule.ts';
import type { Target } from './target.ts';

/** The Go collector's component, which this stands for. */
const scope =
  'github.com/open-telemetry/opentelemetry-collector-contrib/receiver/prometheusreceiver';

/** Bytes of an answer where no limit is set. */
const defaultBodyLimit = 128 << 20;

/** What all scrapers of a receiver have in common. */
export interface ScraperContext {
  readonly settings: Settings;
  readonly outlet: Outlet<'metrics'>;
  readonly schedule: Schedule;
  readonly buffers: BodyBuffers;
  readonly builder: MetricsBuilder;
  readonly trimSuffixes: boolean;
  readonly offsetMs: number;
}

/** Scrapes one target again and again. */
export class Scraper {
  readonly target: Target;
  /** Why nothing may be scraped now; undefined = it may. */
  forced: string | undefined;
  readonly #context: ScraperContext;
  readonly #job: Job;
  readonly #fetcher: Fetcher;
  readonly #ingest: Ingest;
  readonly #headers: Readonly<Record<string, string>>;
  #nextMs = 0;
  #timer: Timer | undefined;
  #running: Promise<void> = Promise.resolve();
  #busy = false;
  #begun = false;
  #abandoned = false;

  constructor(context: ScraperContext, job: Job, target: Target, fetcher: Fetcher) {
    this.#context = context;
    this.#job = job;
    this.target = target;
    this.#fetcher = fetcher;
    const { settings } = context;
    const { command, version } = settings.build;
    this.#ingest = new Ingest(job, target, Math.floor(settings.random.float() * 2 ** 32), {
      job: target.job,
      instance: target.instance,
      trimSuffixes: context.trimSuffixes,
      ignoreScopeInfo: false,
      builder: context.builder,
      scope: { name: scope, version },
      resource: (name, instance) => resourceOf(name, instance, target.discovered),
    });
    this.#headers = {
      accept: acceptOf(job.protocols, job.escaping),
      'accept-encoding': job.config.enable_compression ? 'gzip' : 'identity',
      'user-agent': `${command}/${version}`,
      'x-prometheus-scrape-timeout-seconds': String(target.timeoutMs / 1000),
    };
  }

  /** Begins at a time of the interval that is its own, so that targets are not scraped at once. */
  start(): void {
    const { settings, offsetMs } = this.#context;
    const spread = settings.random.float() * this.target.intervalMs;
    this.#nextMs = settings.clock.monotonicMs() + Math.max(0, offsetMs) + spread;
    this.#wait();
  }

  #wait(): void {
    this.#timer = this.#context.schedule.at(this.#nextMs, () => {
      const nowMs = this.#context.settings.clock.monotonicMs();
      const missed = Math.floor((nowMs - this.#nextMs) / this.target.intervalMs);
      this.#nextMs += (missed + 1) * this.target.intervalMs;
      this.#wait();
      if (!this.#busy) this.#running = this.scrape();
    });
  }

  /** Scrapes once; settles when the pipeline has answered. Never rejects. */
  async scrape(): Promise<void> {
    this.#busy = true;
    this.#begun = true;
    const { clock, logger } = this.#context.settings;
    const startMs = clock.monotonicMs();
    const nowMs = Math.round(clock.unixMs());
    let answer: Answered | undefined;
    try {
      if (this.forced !== undefined) throw new Error(this.forced);
      answer = await this.#fetcher.get({
        url: this.target.url,
        headers: this.#headers,
        timeoutMs: this.target.timeoutMs,
        maxBytes: this.#job.bodyLimit || defaultBodyLimit,
      });
      const format = formatOf(answer.contentType, this.#job.fallback);
      const { failure, ...counts } = this.#ingest.take(answer.body, format, nowMs);
      this.#report(nowMs, startMs, counts, answer.body.length, failure);
    } catch (error) {
      if (this.#abandoned) {
        this.#busy = false;
        return;
      }
      this.#ingest.end(nowMs);
      const none = { total: 0, kept: 0, added: 0 };
      this.#report(nowMs, startMs, none, error instanceof TooLong ? -1 : 0, error as Error);
    } finally {
      answer?.release();
    }
    try {
      await this.#deliver();
    } catch (error) {
      logger.error('Scrape commit failed', { error: (error as Error).message });
    }
    this.#busy = false;
  }

  #report(
    nowMs: number,
    startMs: number,
    counts: { readonly total: number; readonly kept: number; readonly added: number },
    bytes: number,
    failure: Error | undefined,
  ): void {
    const { clock, logger } = this.#context.settings;
    if (failure !== undefined) {
      logger.warn('Failed to scrape Prometheus endpoint', {
        target: this.target.url,
        job: this.target.job,
        error: failure.message,
      });
    }
    const seconds = (clock.monotonicMs() - startMs) / 1000;
    const { total, kept, added } = counts;
    const up = failure === undefined ? 1 : 0;
    this.#ingest.report(this.#values(up, seconds, total, kept, added, bytes), nowMs);
  }

  #values(
    up: number,
    seconds: number,
    total: number,
    kept: number,
    added: number,
    bytes: number,
  ): Report {
    const values: Report = [
      ['up', up],
      ['scrape_duration_seconds', seconds],
      ['scrape_samples_scraped', total],
      ['scrape_samples_post_metric_relabeling', kept],
      ['scrape_series_added', added],
    ];
    if (!this.#job.extraMetrics) return values;
    return [
      ...values,
      ['scrape_timeout_seconds', this.target.timeoutMs / 1000],
      ['scrape_sample_limit', this.#job.sampleLimit],
      ['scrape_body_size_bytes', bytes],
    ];
  }

  async #deliver(): Promise<void> {
    const { outlet, settings } = this.#context;
    const batch = this.#ingest.finish();
    if (batch.itemCount === 0) return;
    const refusal = await outlet.deliver(batch, background);
    if (refusal === undefined) return;
    settings.logger.error('The pipeline refused metrics, they are dropped', {
      error: refusal.message,
      dropped_items: batch.itemCount,
    });
  }

  /**
   * Scrapes no more; settles when a scrape that runs has ended.
   * @param abandon whether what that scrape fails with is nobody's concern
   */
  async stop(abandon = false): Promise<void> {
    this.#abandoned = abandon;
    this.#timer?.cancel();
    await this.#running;
    this.#abandoned = false;
  }

  /**
   * Tells the end of all series of a target that is gone, after two intervals and a bit: it may
   * come again meanwhile.
   * @returns the timer of that
   */
  endLater(done: () => void): Timer | undefined {
    if (!this.#begun) return undefined;
    const { schedule, settings } = this.#context;
    const { intervalMs } = this.target;
    const staleMs = Math.round(settings.clock.unixMs() + intervalMs);
    return schedule.at(settings.clock.monotonicMs() + 2.1 * intervalMs, () => {
      done();
      this.#ingest.end(staleMs);
      this.#ingest.report(this.#values(0, 0, 0, 0, 0, 0), staleMs, true);
      void this.#deliver();
    });
  }
}
