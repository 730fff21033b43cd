import type { Component } from '../../component/component.ts';
import type { Consumer } from '../../component/consumer.ts';
import { PipelineError } from '../../component/errors.ts';
import type { Settings, Timer } from '../../component/settings.ts';
import type { Traces } from '../../pdata/batch.ts';
import { sendOn } from '../../pipeline/send-on.ts';
import { eachResource, SpanGrouper } from '../../pipeline/traces/grouper.ts';
import { Outgoing } from '../../pipeline/traces/outgoing.ts';
import { RowLists } from '../../pipeline/traces/row-lists.ts';
import { TraceStore } from '../../pipeline/traces/store.ts';
import { TraceWriter } from '../../pipeline/traces/write.ts';
import { type Config, checkConfig } from './config.ts';
import { type GroupTelemetry, groupTelemetry } from './telemetry.ts';

/** Traces that are sent on at once, and bytes of them, before others get their turn. */
const sliceTraces = 256;
const sliceBytes = 2 ** 20;
/** The timer does not run more often than this. */
const leastWaitMs = 5;

/** Holds the spans of each trace until wait_duration after the first, then sends each trace on. */
export class GroupByTrace implements Component, Consumer<'traces'> {
  readonly mutates = false;
  readonly #config: Config;
  readonly #settings: Settings;
  readonly #next: Consumer<'traces'>;
  readonly #grouper: SpanGrouper;
  readonly #limit: number;
  #store: TraceStore | undefined;
  #outgoing: Outgoing | undefined;
  /** Rows by arrival. */
  #order = new RowLists(1);
  #telemetry: GroupTelemetry | undefined;
  #timer: Timer | undefined;
  #releasing: Promise<void> | undefined;
  #sending = 0;
  #stopping = false;

  constructor(config: Config, settings: Settings, next: Consumer<'traces'>) {
    checkConfig(config);
    this.#config = config;
    this.#settings = settings;
    this.#next = next;
    this.#limit = Math.trunc(config.num_traces / config.num_workers) * config.num_workers;
    this.#grouper = new SpanGrouper(Math.floor(settings.random.float() * 2 ** 32));
  }

  async start(): Promise<void> {
    const store = this.#store ?? this.#makeStore();
    this.#outgoing = new Outgoing(store, new TraceWriter(store, true), false);
    this.#telemetry = groupTelemetry(this.#settings, {
      limit: this.#config.num_traces,
      inMemory: () => store.ids.count,
      queued: () => this.#sending,
    });
    this.#schedule(store);
  }

  #makeStore(): TraceStore {
    const { budget, random } = this.#settings;
    const store = new TraceStore(budget, random);
    const order = this.#order;
    store.onGrow((rows) => order.grow(rows));
    this.#store = store;
    return store;
  }

  /** Goes on with the traces of the other, which are sent on in their time. */
  async takeOver(previous: Component): Promise<void> {
    if (!(previous instanceof GroupByTrace) || previous.#store === undefined) return;
    if (previous.#stopping) return;
    previous.#stopping = true;
    previous.#timer?.cancel();
    await previous.#releasing;
    previous.#telemetry?.close();
    this.#store = previous.#store;
    this.#order = previous.#order;
  }

  async consume(batch: Traces): Promise<void> {
    const store = this.#store;
    if (store === undefined || this.#stopping || this.#telemetry === undefined) {
      const message = 'cannot take data: the groupbytrace processor is not running';
      throw new PipelineError(message, { retryable: true });
    }
    const refusal = store.refusal(batch);
    if (refusal !== undefined) throw refusal;
    const { clock, ledger } = this.#settings;
    const start = clock.monotonicMs();
    ledger.held(batch.itemCount);
    let traces = 0;
    for (const bytes of batch.ranges()) {
      eachResource(bytes, (from, to) => {
        this.#grouper.scan(bytes, from, to);
        this.#take(store, this.#grouper);
        traces += this.#grouper.traceCount;
      });
    }
    this.#telemetry!.received(traces, clock.monotonicMs() - start);
    if (this.#timer === undefined && this.#releasing === undefined) this.#schedule(store);
  }

  #take(store: TraceStore, grouper: SpanGrouper): void {
    if (grouper.traceCount === 0) return;
    const { block, offset } = store.place(grouper.bytes, grouper.group, grouper.end);
    const now = this.#settings.clock.monotonicMs();
    for (let trace = 0; trace < grouper.traceCount; trace += 1) {
      let row = store.rowOf(grouper, trace);
      if (row < 0) {
        if (store.ids.count >= this.#limit || !store.hasRow()) this.#evict(store);
        row = store.addTrace(grouper, trace, now);
        this.#order.push(0, row);
      }
      store.append(row, grouper, trace, block, offset - grouper.group);
    }
    store.blocks.release(block, 1);
  }

  #evict(store: TraceStore): void {
    const row = this.#order.first(0);
    this.#order.remove(row);
    const spans = store.remove(row);
    this.#settings.ledger.dropped('num_traces', spans);
    this.#settings.ledger.held(-spans);
    this.#telemetry!.evicted();
    this.#settings.logger.info(
      'trace evicted: in order to avoid this in the future, adjust the wait duration and/or number of traces to keep in memory',
    );
  }

  /** Sets the timer to the time at which the oldest trace is due. */
  #schedule(store: TraceStore): void {
    const oldest = this.#order.first(0);
    if (oldest < 0 || this.#stopping || this.#timer !== undefined) return;
    const { clock } = this.#settings;
    const due = store.arrival[oldest]! + this.#config.wait_duration - clock.monotonicMs();
    this.#timer = clock.after(Math.max(leastWaitMs, due), () => {
      this.#timer = undefined;
      const released = this.#release(store, clock.monotonicMs()).finally(() => {
        this.#releasing = undefined;
        store.blocks.trim();
        this.#schedule(store);
      });
      this.#releasing = released.catch((error: unknown) => {
        this.#settings.host.fatal(error as Error);
      });
    });
  }

  /** Sends the traces on that came until `wait_duration` before `nowMs`. */
  async #release(store: TraceStore, nowMs: number): Promise<void> {
    const latest = nowMs - this.#config.wait_duration;
    const { clock } = this.#settings;
    for (;;) {
      const start = clock.monotonicMs();
      const batches = this.#takeDue(store, latest);
      if (batches.length === 0) return;
      const spans = batches.reduce((sum, { itemCount }) => sum + itemCount, 0);
      this.#telemetry!.released(batches.length, spans, clock.monotonicMs() - start);
      this.#sending += batches.length;
      await Promise.all(batches.map((batch) => this.#send(batch)));
    }
  }

  #takeDue(store: TraceStore, latestMs: number): Traces[] {
    const batches: Traces[] = [];
    let bytes = 0;
    while (batches.length < sliceTraces && bytes < sliceBytes) {
      const row = this.#order.first(0);
      if (row < 0 || store.arrival[row]! > latestMs) break;
      this.#order.remove(row);
      this.#outgoing!.add(row);
      const batch = this.#outgoing!.take();
      store.remove(row);
      if (batch === undefined) continue;
      bytes += batch.byteLength;
      batches.push(batch);
    }
    return batches;
  }

  async #send(batch: Traces): Promise<void> {
    const { ledger, logger } = this.#settings;
    const items = batch.itemCount;
    await sendOn(this.#next, batch, ledger, (thrown) => {
      const error = PipelineError.from(thrown).message;
      logger.error('consume failed', { error, dropped_items: items });
    });
    ledger.held(-items);
    this.#sending -= 1;
  }

  async shutdown(): Promise<void> {
    const store = this.#store;
    if (store === undefined || this.#stopping) return;
    this.#stopping = true;
    this.#timer?.cancel();
    await this.#releasing;
    if (this.#outgoing !== undefined) await this.#release(store, Number.POSITIVE_INFINITY);
    store.close();
    this.#telemetry?.close();
    this.#store = undefined;
  }
}
