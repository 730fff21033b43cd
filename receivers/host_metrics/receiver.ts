import type { Component } from '../../component/component.ts';
import { background, type Consumer, type Consumers } from '../../component/consumer.ts';
import { PipelineError } from '../../component/errors.ts';
import { Receipts } from '../../component/receipts.ts';
import type { Counter, Settings, Timer } from '../../component/settings.ts';
import { unixNs } from '../../component/unix-ns.ts';
import type { Batch } from '../../pdata/batch.ts';
import { LogsBuilder, MetricsBuilder } from '../../pdata/builder.ts';
import type { HostMetricsConfig } from './config.ts';
import type { ScraperName } from './metric-specs.ts';
import { HostFiles } from './proc.ts';
import { makeScrapers } from './scrapers/all.ts';
import type { Scraper } from './scrapers/scraper.ts';

/** Reads metrics of this host at intervals, and says in logs pipelines that it is there. */
export class HostMetricsReceiver implements Component {
  readonly #settings: Settings;
  readonly #config: HostMetricsConfig;
  readonly #next: Consumers;
  readonly #receipts: Readonly<Record<'metrics' | 'logs', Receipts>>;
  readonly #scraped: Counter;
  readonly #errored: Counter;
  readonly #timers = new Set<Timer>();
  #scrapers: [ScraperName, Scraper][] = [];
  #running: Promise<void> | undefined;
  #stopped = false;

  constructor(settings: Settings, config: HostMetricsConfig, next: Consumers) {
    this.#settings = settings;
    this.#config = config;
    this.#next = next;
    this.#receipts = {
      metrics: new Receipts(settings, 'metrics', ''),
      logs: new Receipts(settings, 'logs', ''),
    };
    const counter = (what: string, description: string) =>
      settings.meter.counter(`otelcol_scraper_${what}_metric_points`, {
        description,
        unit: '{datapoint}',
      });
    this.#scraped = counter('scraped', 'Number of metric points successfully scraped.');
    this.#errored = counter('errored', 'Number of metric points that were unable to be scraped.');
  }

  async start(): Promise<void> {
    const { root_path: root, initial_delay: delay } = this.#config;
    if (this.#next.metrics !== undefined) {
      const { clock, build, gates } = this.#settings;
      const tools = { files: new HostFiles(root), clock, version: build.version, gates };
      try {
        this.#scrapers = makeScrapers(this.#config, tools);
      } catch (error) {
        throw new Error(`cannot read the host's files: ${(error as Error).message}`);
      }
      this.#after(Math.max(0, delay), () => this.#turn());
    }
    if (this.#next.logs !== undefined) await this.#sendEntity(this.#next.logs);
  }

  #after(ms: number, run: () => void): void {
    if (this.#stopped) return;
    const timer = this.#settings.clock.after(ms, () => {
      this.#timers.delete(timer);
      run();
    });
    this.#timers.add(timer);
  }

  #turn(): void {
    const startedMs = this.#settings.clock.monotonicMs();
    this.#running = this.#scrape().finally(() => {
      const spent = this.#settings.clock.monotonicMs() - startedMs;
      const interval = this.#config.collection_interval;
      // Readings that a slow one overran are left out.
      this.#after(interval - (spent % interval), () => this.#turn());
    });
  }

  async #scrape(): Promise<void> {
    const next = this.#next.metrics!;
    const { clock, logger, id } = this.#settings;
    const builder = new MetricsBuilder();
    for (const [name, scraper] of this.#scrapers) {
      const before = builder.itemCount;
      const now = unixNs(clock);
      let faults: readonly string[];
      try {
        faults = await scraper.scrape(builder, now);
      } catch (error) {
        faults = [(error as Error).message];
      }
      const labels = { receiver: id, scraper: name };
      this.#scraped.add(builder.itemCount - before, labels);
      this.#errored.add(faults.length, labels);
      if (faults.length > 0) {
        logger.error('Error scraping metrics', { scraper: name, error: faults.join('; ') });
      }
      if (this.#stopped) return;
    }
    if (builder.itemCount > 0) await this.#hand('metrics', builder.finish(), next);
  }

  async #hand<S extends 'metrics' | 'logs'>(
    signal: S,
    batch: Batch<S>,
    next: Consumer<S>,
  ): Promise<void> {
    const { clock, logger } = this.#settings;
    const { timeout } = this.#config;
    const ctx =
      timeout > 0 ? { ...background, deadlineMs: clock.monotonicMs() + timeout } : background;
    const receipts = this.#receipts[signal];
    const items = batch.itemCount;
    try {
      await next.consume(next.mutates ? batch.editable() : batch, ctx);
      receipts.accepted(items);
    } catch (error) {
      receipts.refused(items);
      logger.error('The pipeline refused data, it is dropped', {
        error: PipelineError.from(error).message,
        dropped_items: items,
      });
    }
  }

  /** An entity event: this host is there. */
  async #sendEntity(next: Consumer<'logs'>): Promise<void> {
    const { clock } = this.#settings;
    const interval = this.#config.metadata_collection_interval;
    const builder = new LogsBuilder();
    builder.resource();
    builder.scope('', '', { 'otel.entity.event_as_log': true });
    builder.record({
      timeUnixNano: unixNs(clock),
      attributes: {
        'otel.entity.event.type': 'entity_state',
        'otel.entity.type': 'host',
        ...(interval > 0 ? { 'otel.entity.interval': Math.trunc(interval) } : {}),
      },
    });
    await this.#hand('logs', builder.finish(), next);
    if (interval > 0) this.#after(interval, () => void this.#sendEntity(next));
  }

  /** Settles when no reading is under way. */
  async idle(): Promise<void> {
    await this.#running;
  }

  async shutdown(): Promise<void> {
    this.#stopped = true;
    for (const timer of this.#timers) timer.cancel();
    this.#timers.clear();
    await this.#running;
  }
}
