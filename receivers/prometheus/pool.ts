import type { Timer } from '../../component/settings.ts';
import type { Discoverer } from './discovery/discoverer.ts';
import { Fetcher } from './fetcher.ts';
import type { Job } from './job.ts';
import { Scraper, type ScraperContext } from './scraper.ts';
import { type Target, type TargetGroup, targetOf } from './target.ts';

/** The targets of a job: found, scraped, given up. */
export class Pool {
  readonly #context: ScraperContext;
  readonly #job: Job;
  readonly #fetcher: Fetcher;
  readonly #discoverers: readonly Discoverer[];
  /** Groups by discoverer. */
  readonly #groups: (readonly TargetGroup[])[];
  readonly #scrapers = new Map<string, Scraper>();
  /** Targets that are gone and whose end is not told yet. */
  readonly #ending = new Map<string, Timer>();
  #closed = false;

  constructor(context: ScraperContext, job: Job, discoverers: readonly Discoverer[]) {
    this.#context = context;
    this.#job = job;
    this.#fetcher = new Fetcher(job.config, context.settings.budget, context.buffers);
    this.#discoverers = discoverers;
    this.#groups = discoverers.map(() => []);
  }

  /** Targets that are scraped. */
  get targets(): readonly Target[] {
    return [...this.#scrapers.values()].map(({ target }) => target);
  }

  start(): void {
    for (const [i, discoverer] of this.#discoverers.entries()) {
      discoverer.start((groups) => {
        if (this.#closed) return;
        this.#groups[i] = groups;
        this.#sync();
      });
    }
  }

  #sync(): void {
    const found = this.#found();
    for (const [key, scraper] of this.#scrapers) {
      if (found.has(key)) continue;
      this.#scrapers.delete(key);
      this.#end(key, scraper);
    }
    for (const [key, target] of found) {
      if (this.#scrapers.has(key)) continue;
      this.#ending.get(key)?.cancel();
      this.#ending.delete(key);
      const scraper = new Scraper(this.#context, this.#job, target, this.#fetcher);
      this.#scrapers.set(key, scraper);
      scraper.start();
    }
    const { targetLimit } = this.#job;
    const count = this.#scrapers.size;
    const exceeded = targetLimit > 0 && count > targetLimit;
    const what = `number of targets: ${count}, limit: ${targetLimit}`;
    for (const scraper of this.#scrapers.values()) {
      scraper.forced = exceeded ? `target_limit exceeded (${what})` : undefined;
    }
  }

  #found(): Map<string, Target> {
    const found = new Map<string, Target>();
    for (const { targets, labels, source } of this.#groups.flat()) {
      for (const own of targets) {
        try {
          const target = targetOf(this.#job, own, labels);
          if (target !== undefined) found.set(target.key, target);
        } catch (error) {
          this.#context.settings.logger.error('Cannot scrape a target', {
            job: this.#job.name,
            group: source,
            error: (error as Error).message,
          });
        }
      }
    }
    return found;
  }

  #end(key: string, scraper: Scraper): void {
    void scraper.stop().then(() => {
      if (this.#closed || this.#scrapers.has(key)) return;
      const timer = scraper.endLater(() => this.#ending.delete(key));
      if (timer !== undefined) this.#ending.set(key, timer);
    });
  }

  /** @param last whether targets are scraped once more */
  async close(last: boolean): Promise<void> {
    this.#closed = true;
    for (const discoverer of this.#discoverers) await discoverer.close();
    for (const timer of this.#ending.values()) timer.cancel();
    this.#ending.clear();
    const scrapers = [...this.#scrapers.values()];
    this.#scrapers.clear();
    const stopped = scrapers.map((scraper) => scraper.stop(true));
    // ends the requests that run
    await this.#fetcher.close();
    await Promise.all(stopped);
    if (last) await Promise.all(scrapers.map((scraper) => scraper.scrape()));
    await this.#fetcher.close();
  }
}
