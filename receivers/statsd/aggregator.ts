import { background, type Consumer, type Context } from '../../component/consumer.ts';
import type { Settings, Timer } from '../../component/settings.ts';
import { unixNs } from '../../component/unix-ns.ts';
import type { Metrics } from '../../pdata/batch.ts';
import { MetricsBuilder } from '../../pdata/builder.ts';
import { Outlet } from '../../pipeline/outlet.ts';
import { LineParser } from '../../wire/statsd/line-parser.ts';
import type { StatsdConfig } from './config.ts';
import { LineCounter } from './counters.ts';
import { type InstrumentOptions, Instruments } from './instruments.ts';
import { observersOf } from './observers.ts';

/** The Go collector's component, which this stands for. */
const scope = 'github.com/open-telemetry/opentelemetry-collector-contrib/receiver/statsdreceiver';

/** Memory is reserved in steps of so many bytes. */
const reserveStep = 64 * 1024;

/** Timers of more milliseconds would run at once. */
const longestTimerMs = 2 ** 31 - 1;

const newline = 0x0a;

interface Sender {
  readonly address: string;
  readonly instruments: Instruments;
}

/** Gathers lines by their senders and hands metrics on at the end of each interval. */
export class Aggregator {
  readonly #settings: Settings;
  readonly #config: StatsdConfig;
  readonly #outlet: Outlet<'metrics'>;
  readonly #parser: LineParser;
  readonly #options: InstrumentOptions;
  readonly #counter: LineCounter;
  #senders = new Map<string, Sender>();
  #held = 0;
  #reserved = 0;
  #startNs = 0n;
  #dueMs = 0;
  #timer: Timer | undefined;
  #sending: Promise<void> = Promise.resolve();

  constructor(settings: Settings, config: StatsdConfig, next: Consumer<'metrics'>) {
    this.#settings = settings;
    this.#config = config;
    this.#parser = new LineParser({
      metricType: config.enable_metric_type,
      simpleTags: config.enable_simple_tags,
      random: Math.floor(settings.random.float() * 2 ** 32),
    });
    this.#options = {
      observers: observersOf(config.timer_histogram_mapping),
      counterType: config.counter_type,
      monotonic: config.is_monotonic_counter,
      chance: () => settings.random.float(),
    };
    this.#outlet = new Outlet('metrics', next, settings, config.transport, 'statsd');
    this.#counter = new LineCounter(settings);
  }

  start(): void {
    const { clock } = this.#settings;
    this.#startNs = unixNs(clock);
    this.#dueMs = clock.monotonicMs() + this.#intervalMs;
    this.#wait();
  }

  get #intervalMs(): number {
    return Math.max(1, this.#config.aggregation_interval);
  }

  /** Ends intervals when they are due; one that is missed is not made up for. */
  #wait(): void {
    const { clock } = this.#settings;
    const leftMs = Math.min(this.#dueMs - clock.monotonicMs(), longestTimerMs);
    this.#timer = clock.after(leftMs, () => {
      const lateMs = clock.monotonicMs() - this.#dueMs;
      if (lateMs >= 0) {
        this.#dueMs += (Math.floor(lateMs / this.#intervalMs) + 1) * this.#intervalMs;
        void this.flush();
      }
      this.#wait();
    });
  }

  /**
   * Takes the lines of [from, to).
   * @param host the sender's address; `port` its port, '' for none
   * @param trim whether blanks around lines do not count
   */
  take(b: Buffer, from: number, to: number, host: string, port: string, trim: boolean): void {
    const nowMs = this.#settings.clock.unixMs();
    let sender: Sender | undefined;
    let good = 0;
    let bad = 0;
    for (let start = from; start < to; ) {
      const found = b.indexOf(newline, start);
      const next = found < 0 || found > to ? to : found;
      let [first, end] = [start, next];
      start = next + 1;
      while (trim && first < end && b[first]! <= 0x20) first += 1;
      while (trim && end > first && b[end - 1]! <= 0x20) end -= 1;
      if (first === end) continue;
      const fault = this.#parser.parse(b, first, end);
      if (fault !== '') {
        bad += 1;
        this.#settings.logger.debug('Error aggregating metric', { error: fault });
        continue;
      }
      good += 1;
      sender ??= this.#sender(host, port);
      this.#add(sender, nowMs);
    }
    this.#counter.add(good, bad);
  }

  #add(sender: Sender, nowMs: number): void {
    if (this.#held + reserveStep > this.#reserved) {
      if (!this.#settings.budget.tryReserve(reserveStep)) {
        this.#settings.ledger.dropped('memory', 1);
        this.#settings.logger.error('No memory for lines of StatsD, they are dropped');
        return;
      }
      this.#reserved += reserveStep;
    }
    this.#held += sender.instruments.take(this.#parser, nowMs);
  }

  #sender(host: string, port: string): Sender {
    const { ignore_host: one, enable_ip_only_aggregation: byHost } = this.#config;
    const address = port === '' ? host : `${host}:${port}`;
    const key = one ? '' : byHost ? host : address;
    const known = this.#senders.get(key);
    if (known !== undefined) return known;
    const made = { address, instruments: new Instruments(this.#options) };
    this.#senders.set(key, made);
    this.#held += 2048;
    return made;
  }

  /** Hands on what was gathered; settles when the pipeline has answered. */
  flush(): Promise<void> {
    const senders = this.#senders;
    const reserved = this.#reserved;
    const startNs = this.#startNs;
    this.#senders = new Map();
    this.#held = 0;
    this.#reserved = 0;
    this.#startNs = unixNs(this.#settings.clock);
    if (senders.size === 0) {
      this.#settings.budget.release(reserved);
      return this.#sending;
    }
    const endNs = this.#startNs;
    this.#sending = this.#sending
      .then(() => this.#send(senders.values(), startNs, endNs))
      .finally(() => this.#settings.budget.release(reserved));
    return this.#sending;
  }

  async #send(senders: Iterable<Sender>, startNs: bigint, endNs: bigint): Promise<void> {
    const { version } = this.#settings.build;
    for (const { address, instruments } of senders) {
      const builder = new MetricsBuilder();
      instruments.write(builder, scope, version, startNs, endNs);
      const batch = builder.finish();
      if (batch.itemCount > 0) await this.#deliver(batch, address);
    }
  }

  async #deliver(batch: Metrics, address: string): Promise<void> {
    const ctx: Context = { ...background, client: { ...background.client, address } };
    const refusal = await this.#outlet.deliver(batch, ctx);
    if (refusal === undefined) return;
    this.#settings.logger.error('The pipeline refused metrics, they are dropped', {
      error: refusal.message,
      dropped_items: batch.itemCount,
    });
  }

  /** Hands on what the last, shorter interval gathered. */
  async stop(): Promise<void> {
    this.#timer?.cancel();
    this.#timer = undefined;
    await this.flush();
  }
}
