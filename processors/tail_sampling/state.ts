import type { MemoryBudget, Random } from '../../component/settings.ts';
import { grown } from '../../pipeline/grown.ts';
import { RowLists } from '../../pipeline/traces/row-lists.ts';
import { TraceStore } from '../../pipeline/traces/store.ts';
import type { Config } from './config.ts';
import { DecisionCache } from './decision-cache.ts';
import { Decision } from './policies/decision.ts';

/** Longest wait, in seconds. */
const mostBatches = 1e6;

function waitOf(config: Config): number {
  const wait = Math.trunc(Math.max(1, config.decision_wait / 1000));
  if (wait <= mostBatches) return wait;
  throw new Error(`cannot wait for ${wait} s: decision_wait may be ${mostBatches} s`);
}

/**
 * All that the processor remembers: traces that wait with their spans, traces that were decided,
 * and what is known of older ones. It can go over to a processor with another configuration.
 */
export class SamplerState {
  readonly store: TraceStore;
  readonly sampled: DecisionCache;
  readonly notSampled: DecisionCache;
  /** Batches that are waited for: one a second. */
  wait: number;
  /** Rows by arrival; with block_on_overflow those that are decided. */
  order = new RowLists(1);
  /** Rows by the batch in which they are decided, see {@link listOf}. */
  batches: RowLists;
  decisions = new Uint8Array(0);
  /** Clock.monotonicMs() of the decision, 0 = none or without one. */
  decidedMs = new Float64Array(0);
  /** Batch of each row. */
  batchOf = new Float64Array(0);
  /** The batch that is taken next. */
  batch = 0;
  #blocks: boolean;

  constructor(
    config: Config,
    { random, budget }: { readonly random: Random; readonly budget: MemoryBudget },
  ) {
    this.wait = waitOf(config);
    this.#blocks = config.block_on_overflow;
    this.batches = new RowLists(this.lists);
    const { sampled_cache_size, non_sampled_cache_size } = config.decision_cache;
    this.sampled = new DecisionCache(sampled_cache_size, random);
    this.notSampled = new DecisionCache(non_sampled_cache_size, random);
    this.store = new TraceStore(budget, random);
    this.store.onGrow((rows) => this.#grow(rows));
  }

  #grow(rows: number): void {
    this.order.grow(rows);
    this.batches.grow(rows);
    this.decisions = grown(this.decisions, rows);
    this.decidedMs = grown(this.decidedMs, rows);
    this.batchOf = grown(this.batchOf, rows);
  }

  /** Lists of batches: those that wait, the one that is filled and the one that is decided. */
  get lists(): number {
    return this.wait + 2;
  }

  listOf(batch: number): number {
    return batch % this.lists;
  }

  /** Puts a row into the batch in which it is decided. */
  schedule(row: number, batch: number): void {
    this.batchOf[row] = batch;
    this.batches.push(this.listOf(batch), row);
  }

  /** Goes on with another configuration. @throws Error when it cannot be had */
  adapt(config: Config): void {
    const wait = waitOf(config);
    const { sampled_cache_size, non_sampled_cache_size } = config.decision_cache;
    this.sampled.resize(sampled_cache_size);
    this.notSampled.resize(non_sampled_cache_size);
    if (wait === this.wait && config.block_on_overflow === this.#blocks) return;
    const rows = this.#rows();
    this.wait = wait;
    this.#blocks = config.block_on_overflow;
    this.order = new RowLists(1);
    this.order.grow(this.store.ids.capacity);
    this.batches = new RowLists(this.lists);
    this.batches.grow(this.store.ids.capacity);
    for (const row of rows) {
      const waits = this.decisions[row] === Decision.none;
      if (waits) this.schedule(row, Math.min(this.batchOf[row]!, this.batch + wait));
      if (!waits || !this.#blocks) this.order.push(0, row);
    }
  }

  /** All rows, by arrival. */
  #rows(): number[] {
    const rows = new Set<number>();
    for (let list = 0; list <= this.wait; list += 1)
      this.batches.each(list, (row) => rows.add(row));
    this.order.each(0, (row) => rows.add(row));
    return [...rows].sort((a, b) => this.store.arrival[a]! - this.store.arrival[b]!);
  }
}
