import type { Component } from '../../component/component.ts';
import type { Consumer, Context } from '../../component/consumer.ts';
import { Code, PipelineError } from '../../component/errors.ts';
import type { Attributes, Counter, Settings, Timer } from '../../component/settings.ts';
import { itemNames, itemUnits, type Signal } from '../../component/signals.ts';
import type { Batch } from '../../pdata/batch.ts';
import type { Config } from './config.ts';
import { backOff, decide, type Limits, limitsOf, type Usage } from './limiter.ts';

/** The process as the limiter sees it. */
export interface Memory {
  /** Memory that the process may use, in bytes. */
  readonly totalBytes: number;
  measure(): Usage;
  /** Forces a collection; undefined where the runtime does not allow it. */
  readonly collect: (() => void) | undefined;
}

const mib = (bytes: number) => Math.round(bytes / 2 ** 20);

/** Refuses data, retryable, while the process uses too much memory. */
export class MemoryLimiter<S extends Signal> implements Component, Consumer<S> {
  readonly mutates = false;
  readonly #settings: Settings;
  readonly #config: Config;
  readonly #next: Consumer<S>;
  readonly #memory: Memory;
  readonly #limits: Limits;
  readonly #accepted: Counter;
  readonly #refused: Counter;
  readonly #attributes: Attributes;
  #refusing = false;
  #collectedMs = Number.NEGATIVE_INFINITY;
  #backOffMs = 0;
  #rssReported = false;
  #timer: Timer | undefined;

  constructor(signal: S, settings: Settings, config: Config, next: Consumer<S>, memory: Memory) {
    const name = itemNames[signal];
    const counter = (what: string, description: string) =>
      settings.meter.counter(`otelcol_processor_memory_limiter_${what}_${name}`, {
        description,
        unit: itemUnits[signal],
      });
    this.#settings = settings;
    this.#config = config;
    this.#next = next;
    this.#memory = memory;
    this.#limits = limitsOf(config, memory.totalBytes);
    this.#accepted = counter('accepted', `Number of ${name} pushed into the next component`);
    this.#refused = counter('refused', `Number of ${name} rejected by this component`);
    this.#attributes = { processor: settings.id };
  }

  get takes(): ReadonlySet<string> | undefined {
    return this.#next.takes;
  }

  async start(): Promise<void> {
    const { hard, soft } = this.#limits;
    this.#settings.logger.info('Memory limiter configured', {
      limit_mib: mib(hard),
      spike_limit_mib: mib(hard - soft),
      check_interval_s: this.#config.check_interval / 1000,
    });
    this.#schedule();
  }

  async shutdown(): Promise<void> {
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  consume(batch: Batch<S>, ctx: Context): Promise<void> {
    if (this.#refusing) {
      this.#refused.add(batch.itemCount, this.#attributes);
      const message = 'data refused due to high memory usage';
      const error = new PipelineError(message, { retryable: true, status: Code.UNAVAILABLE });
      return Promise.reject(error);
    }
    this.#accepted.add(batch.itemCount, this.#attributes);
    return this.#next.consume(batch, ctx);
  }

  #schedule(): void {
    this.#timer = this.#settings.clock.after(this.#config.check_interval, () => {
      this.#check();
      this.#schedule();
    });
  }

  #check(): void {
    const { logger, clock } = this.#settings;
    let { used, rss } = this.#memory.measure();
    this.#reportRss(rss);
    const now = clock.monotonicMs();
    let { refuse, collect } = this.#decide(used, now);
    if (collect !== undefined && this.#memory.collect !== undefined) {
      const message = `Memory usage is above ${collect} limit. Forcing a GC.`;
      logger[collect === 'hard' ? 'warn' : 'info'](message, { cur_mem_mib: mib(used) });
      this.#memory.collect();
      this.#collectedMs = now;
      ({ used, rss } = this.#memory.measure());
      ({ refuse, collect } = this.#decide(used, now));
      if (refuse) this.#backOffMs = backOff(this.#backOffMs, this.#config);
    }
    if (!refuse) this.#backOffMs = 0;
    if (refuse === this.#refusing) return;
    this.#refusing = refuse;
    const fields = { cur_mem_mib: mib(used), rss_mib: mib(rss) };
    if (refuse) logger.warn('Memory usage is above soft limit. Refusing data.', fields);
    else logger.info('Memory usage back within limits. Resuming normal operation.', fields);
  }

  #decide(used: number, nowMs: number) {
    return decide(used, this.#limits, this.#config, nowMs - this.#collectedMs, this.#backOffMs);
  }

  /** RSS contains what the runtime has not given back: it warns, once each time, and no more. */
  #reportRss(rss: number): void {
    const above = rss >= this.#limits.hard;
    if (above && !this.#rssReported) {
      const fields = { rss_mib: mib(rss), limit_mib: mib(this.#limits.hard) };
      this.#settings.logger.warn('Resident memory is above the hard limit.', fields);
    }
    this.#rssReported = above;
  }
}
