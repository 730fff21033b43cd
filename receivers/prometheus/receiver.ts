import type { Component } from '../../component/component.ts';
import type { Consumer } from '../../component/consumer.ts';
import type { Settings } from '../../component/settings.ts';
import { MetricsBuilder } from '../../pdata/builder.ts';
import { Outlet } from '../../pipeline/outlet.ts';
import { BodyBuffers } from './body.ts';
import type { PrometheusConfig } from './config/index.ts';
import { discoverersOf } from './discovery/index.ts';
import { jobsOf } from './job.ts';
import { Pool } from './pool.ts';
import { Schedule } from './schedule.ts';
import type { ScraperContext } from './scraper.ts';
import type { Target } from './target.ts';

/** Scrapes targets that expose metrics in Prometheus' formats. */
export class PrometheusReceiver implements Component {
  readonly #settings: Settings;
  readonly #config: PrometheusConfig;
  readonly #schedule: Schedule;
  readonly #context: ScraperContext;
  #pools: Pool[] = [];

  constructor(settings: Settings, config: PrometheusConfig, next: Consumer<'metrics'>) {
    this.#settings = settings;
    this.#config = config;
    this.#schedule = new Schedule(settings.clock);
    this.#context = {
      settings,
      outlet: new Outlet('metrics', next, settings, 'http', 'prometheus'),
      schedule: this.#schedule,
      buffers: new BodyBuffers(),
      builder: new MetricsBuilder(),
      trimSuffixes: config.trim_metric_suffixes,
      offsetMs: config.initial_scrape_offset,
    };
  }

  /** Targets that are scraped. */
  get targets(): readonly Target[] {
    return this.#pools.flatMap((pool) => pool.targets);
  }

  async start(): Promise<void> {
    const { config } = this.#config;
    if (!config) throw new Error('BUG: a receiver without a configuration');
    for (const job of jobsOf(config, process.env)) {
      const discoverers = await discoverersOf(this.#settings, job.config);
      const pool = new Pool(this.#context, job, discoverers);
      this.#pools.push(pool);
      pool.start();
    }
  }

  async shutdown(): Promise<void> {
    const pools = this.#pools;
    this.#pools = [];
    await Promise.all(pools.map((pool) => pool.close(this.#config.scrape_on_shutdown)));
    this.#schedule.clear();
  }
}
