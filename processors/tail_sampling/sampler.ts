import type { Clock, Random } from '../../component/settings.ts';
import { compactTraces } from '../../pipeline/traces/compact.ts';
import { SpanGrouper } from '../../pipeline/traces/grouper.ts';
import { Outgoing } from '../../pipeline/traces/outgoing.ts';
import type { TraceStore } from '../../pipeline/traces/store.ts';
import { TraceView } from '../../pipeline/traces/trace-view.ts';
import { TraceWriter } from '../../pipeline/traces/write.ts';
import type { Config } from './config.ts';
import type { Decider } from './decide.ts';
import { Decision, type TraceData } from './policies/decision.ts';
import type { Recorder } from './recorder.ts';
import type { SamplerState } from './state.ts';
import type { TailTelemetry } from './telemetry.ts';

/** Spans and bytes that are decided before others get their turn. */
const sliceSpans = 8192;
const sliceBytes = 2 ** 20;

/** Why spans were dropped, for the ledger. */
export type DropReason = 'not_sampled' | 'too_large' | 'num_traces' | 'shutdown';

/** Who hears of what happens to spans. */
export interface SamplerHooks {
  readonly telemetry: TailTelemetry;
  dropped(reason: DropReason, spans: number): void;
  held(delta: number): void;
}

/** What is to be done with spans that came. */
const Fate = { hold: 0, forwardCached: 1, dropCached: 2, forwardLate: 3, dropLate: 4 } as const;

const dropFates = (fate: number) => fate === Fate.dropCached || fate === Fate.dropLate;

/**
 * Takes spans, decides traces and lets them go.
 *
 * A trace whose first span comes in second t is put in the batch of second t + decision_wait; each
 * second one batch is taken and decided. The rows of decided traces stay, without spans, until
 * num_traces newer ones came, or go at once where a decision cache remembers their ids.
 */
export class Sampler {
  readonly store: TraceStore;
  readonly outgoing: Outgoing;
  /** Whether there is always room: num_traces is overrun. */
  overflows = false;
  readonly #config: Config;
  readonly #clock: Clock;
  readonly #decider: Decider;
  readonly #hooks: SamplerHooks;
  readonly #writer: TraceWriter;
  readonly #data: TraceData;
  readonly #state: SamplerState;
  readonly #waitAfterRoot: number;
  readonly #limit: number;
  readonly #early: boolean;
  readonly #recorder: Recorder | undefined;
  /** Changes whenever a row is removed. */
  #removals = 0;
  /** Rows of the traces of a grouper, and what is to be done with their spans. */
  #rows = new Int32Array(64);
  #fates = new Uint8Array(64);
  readonly #grouper: SpanGrouper;
  readonly #compacted: SpanGrouper;

  constructor(
    config: Config,
    decider: Decider,
    state: SamplerState,
    env: { readonly clock: Clock; readonly random: Random },
    hooks: SamplerHooks,
    recorder?: Recorder,
  ) {
    const { clock, random } = env;
    this.#config = config;
    this.#clock = clock;
    this.#decider = decider;
    this.#hooks = hooks;
    this.#recorder = recorder;
    this.#waitAfterRoot = Math.trunc(config.decision_wait_after_root_received / 1000);
    this.#limit = Math.max(1, config.num_traces);
    this.#early = config.sampling_strategy === 'span-ingest';
    this.#state = state;
    this.store = state.store;
    this.#writer = new TraceWriter(this.store);
    const view = new TraceView(this.store, this.#writer);
    this.#data = { view, spanCount: 0, sizeBytes: 0 };
    this.outgoing = new Outgoing(this.store, this.#writer);
    const seed = Math.floor(random.float() * 2 ** 32);
    this.#grouper = new SpanGrouper(seed);
    this.#compacted = new SpanGrouper(seed);
  }

  /** Traces that are remembered. */
  get traces(): number {
    return this.store.ids.count;
  }

  /**
   * Groups the spans of the ResourceSpans at [start, end), its tag included, by trace, for
   * {@link take}; drops those that were decided against.
   */
  read(bytes: Uint8Array, start: number, end: number): SpanGrouper {
    const grouper = this.#grouper;
    grouper.scan(bytes, start, end);
    const dropped = this.#classify(grouper);
    if (dropped * 2 <= grouper.spanCount) return grouper;
    this.#dropDecided(grouper);
    const kept = compactTraces(grouper, (trace) => !dropFates(this.#fates[trace]!));
    this.#compacted.scan(kept, 0, kept.length);
    this.#classify(this.#compacted);
    return this.#compacted;
  }

  /** Finds rows and fates of a grouper's traces. @returns how many spans are dropped */
  #classify(grouper: SpanGrouper): number {
    if (grouper.traceCount > this.#rows.length) {
      this.#rows = new Int32Array(grouper.counts.length);
      this.#fates = new Uint8Array(grouper.counts.length);
    }
    let dropped = 0;
    for (let trace = 0; trace < grouper.traceCount; trace += 1) {
      const at = trace * 4;
      const { ids } = grouper;
      const row = this.store.rowOf(grouper, trace);
      const fate = this.#fateOf(row, ids[at + 2]!, ids[at + 3]!);
      this.#rows[trace] = row;
      this.#fates[trace] = fate;
      if (dropFates(fate)) dropped += grouper.counts[trace]!;
    }
    return dropped;
  }

  #fateOf(row: number, c: number, d: number): number {
    if (this.#state.sampled.get(c, d) >= 0) return Fate.forwardCached;
    if (this.#state.notSampled.get(c, d) >= 0) return Fate.dropCached;
    const decision = row < 0 ? Decision.none : this.#state.decisions[row]!;
    if (decision === Decision.none) return Fate.hold;
    return decision === Decision.sampled ? Fate.forwardLate : Fate.dropLate;
  }

  #dropDecided(grouper: SpanGrouper): void {
    for (let trace = 0; trace < grouper.traceCount; trace += 1) {
      if (dropFates(this.#fates[trace]!)) this.#dropNow(trace, grouper.counts[trace]!);
    }
  }

  #dropNow(trace: number, spans: number): void {
    this.#hooks.dropped('not_sampled', spans);
    if (this.#fates[trace] === Fate.dropCached) this.#hooks.telemetry.earlyRelease(spans, false);
    else this.#recordLate(this.#rows[trace]!);
  }

  #recordLate(row: number): void {
    const decided = this.#state.decidedMs[row]!;
    if (decided > 0) this.#hooks.telemetry.lateAge(this.#clock.monotonicMs() - decided);
  }

  /**
   * Takes the spans that {@link read} grouped, trace by trace.
   * @param from number of the trace to begin with
   * @returns the number of the trace for which there is no room, or how many traces there are
   */
  take(grouper: SpanGrouper, from = 0): number {
    if (from >= grouper.traceCount) return grouper.traceCount;
    const { blocks } = this.store;
    const { block, offset } = this.store.place(grouper.bytes, grouper.group, grouper.end);
    if (from > 0) this.#classify(grouper);
    const removals = this.#removals;
    let newTraces = 0;
    let trace = from;
    for (; trace < grouper.traceCount; trace += 1) {
      const spans = grouper.counts[trace]!;
      let fate = this.#fates[trace]!;
      if (dropFates(fate)) {
        this.#dropNow(trace, spans);
        continue;
      }
      let row = this.#rows[trace]!;
      if (removals !== this.#removals) {
        row = this.store.rowOf(grouper, trace);
        // what was decided about it has just been forgotten
        if (row < 0 && fate === Fate.forwardLate) fate = Fate.hold;
      }
      if (row < 0) {
        if (fate === Fate.hold && !this.#makeRoom()) break;
        row = this.#add(grouper, trace, fate === Fate.hold);
        if (fate === Fate.hold) newTraces += 1;
      }
      const added = this.store.append(row, grouper, trace, block, offset - grouper.group);
      this.#hooks.held(spans);
      this.store.spans[row]! += spans;
      if (fate === Fate.hold) this.#arrived(row, added, grouper.roots[trace] === 1);
      else this.#forward(row, fate, spans);
    }
    blocks.release(block, 1);
    if (newTraces > 0) this.#hooks.telemetry.newTraces(newTraces);
    return trace;
  }

  /** Sees to it that a row can be added. @returns false when one has to wait */
  #makeRoom(): boolean {
    while (!this.overflows && (this.store.ids.count >= this.#limit || !this.store.hasRow())) {
      const oldest = this.#state.order.first(0);
      if (oldest < 0) return false;
      if (this.#state.decisions[oldest] === Decision.none) this.#decider.tally.droppedEarly += 1;
      this.#forget(oldest, 'num_traces');
    }
    return true;
  }

  #add(grouper: SpanGrouper, trace: number, waits: boolean): number {
    const row = this.store.addTrace(grouper, trace, this.#clock.monotonicMs());
    this.#state.decisions[row] = Decision.none;
    this.#state.decidedMs[row] = 0;
    if (!waits) return row;
    this.#state.schedule(row, this.#state.batch + this.#state.wait);
    if (!this.#config.block_on_overflow) this.#state.order.push(0, row);
    return row;
  }

  /** Spans that came for a sampled trace: they go at once. */
  #forward(row: number, fate: number, spans: number): void {
    const { ids } = this.store;
    const cached = fate === Fate.forwardCached && this.#recorder !== undefined;
    if (cached) {
      const policy = this.#state.sampled.get(ids.word(row, 2), ids.word(row, 3)) - 1;
      this.outgoing.addMarked(row, this.#recorder.late(policy));
    } else this.outgoing.add(row);
    this.store.clear(row);
    if (fate === Fate.forwardLate) {
      this.#recordLate(row);
      return;
    }
    this.#hooks.telemetry.earlyRelease(spans, true);
    this.store.remove(row);
    this.#removals += 1;
  }

  /** Spans that came for a trace without decision, the runs from `added` on. */
  #arrived(row: number, added: number, root: boolean): void {
    if (root && this.#config.decision_wait_after_root_received > 0) {
      const sooner = this.#state.batch + this.#waitAfterRoot;
      if (sooner < this.#state.batchOf[row]!) this.#state.schedule(row, sooner);
    }
    const most = this.#config.maximum_trace_size_bytes;
    if (most > 0 || this.#decider.countsBytes) {
      this.store.bytes[row]! += this.#writer.groupSize(added);
      if (most > 0 && this.store.bytes[row]! > most) {
        this.#hooks.telemetry.tooLarge();
        this.#state.batches.remove(row);
        this.#settle(row, Decision.notSampled, 'too_large');
        return;
      }
    }
    if (this.#early) this.#decideEarly(row, added);
  }

  #decideEarly(row: number, added: number): void {
    const now = this.#clock.monotonicMs();
    this.#recorder?.clear();
    const decision = this.#decider.decideEarly(this.#look(row, added));
    this.#hooks.telemetry.ran(this.#decider.tally, this.#clock.monotonicMs() - now);
    this.#state.decidedMs[row] = now;
    if (decision === Decision.none) return;
    this.#state.batches.remove(row);
    this.#settle(row, decision, 'not_sampled', added);
  }

  #look(row: number, first: number): TraceData {
    const data = this.#data;
    data.view.open(row, first);
    data.spanCount = this.store.spans[row]!;
    data.sizeBytes = this.store.bytes[row]!;
    return data;
  }

  /**
   * Notes what was decided about a trace and lets its spans go, on or away.
   * @param decidedRun first of the runs that were looked at
   */
  #settle(
    row: number,
    decision: number,
    reason: DropReason,
    decidedRun = this.store.firstRun[row]!,
  ): void {
    this.#state.decisions[row] = decision;
    const { ids } = this.store;
    const c = ids.word(row, 2);
    const d = ids.word(row, 3);
    const sampled = decision === Decision.sampled;
    const marks = sampled ? this.#recorder?.decided(this.#decider.decidedBy) : undefined;
    if (marks !== undefined) this.outgoing.addMarked(row, marks, decidedRun);
    else if (sampled) this.outgoing.add(row);
    const spans = this.store.clear(row);
    if (!sampled) this.#dropHeld(reason, spans);
    const cache = sampled ? this.#state.sampled : this.#state.notSampled;
    if (cache.put(c, d, this.#decider.decidedBy + 1)) this.#forget(row, reason);
    else if (this.#config.block_on_overflow) this.#state.order.push(0, row);
  }

  #dropHeld(reason: DropReason, spans: number): void {
    if (spans === 0) return;
    this.#hooks.dropped(reason, spans);
    this.#hooks.held(-spans);
  }

  /** Removes a row with all that it holds. */
  #forget(row: number, reason: DropReason): void {
    this.#state.order.remove(row);
    this.#state.batches.remove(row);
    this.#hooks.telemetry.removalAge(this.#clock.monotonicMs() - this.store.arrival[row]!);
    this.#dropHeld(reason, this.store.remove(row));
    this.#removals += 1;
  }

  /** The batch whose time has come: nothing is added to it any more. */
  nextBatch(): number {
    this.#state.batch += 1;
    return this.#state.batch - 1;
  }

  /** Whether no trace is decided with a batch. */
  isEmpty(batch: number): boolean {
    return this.#state.batches.first(this.#state.listOf(batch)) < 0;
  }

  /** Number of batches that wait, the one that is filled included. */
  get batches(): number {
    return this.#state.wait + 1;
  }

  /** Decides traces of a batch until there is enough to send. @returns whether some are left */
  decideSome(batch: number): boolean {
    const list = this.#state.listOf(batch);
    let spans = 0;
    for (;;) {
      const row = this.#state.batches.first(list);
      if (row < 0) return false;
      if (spans > sliceSpans || this.outgoing.bytes > sliceBytes) return true;
      this.#state.batches.remove(row);
      spans += this.#decideRow(row) + 1;
    }
  }

  /** @returns how many spans were looked at */
  #decideRow(row: number): number {
    if (this.#state.decisions[row] !== Decision.none) return 0;
    if (this.#early) {
      // its spans were asked about when they came
      this.#state.decidedMs[row] = this.#clock.monotonicMs();
      this.#decider.decideAgainst();
      const removals = this.#removals;
      this.#settle(row, Decision.notSampled, 'not_sampled');
      if (removals === this.#removals) this.#forget(row, 'not_sampled');
      return 0;
    }
    const data = this.#look(row, this.store.firstRun[row]!);
    this.#state.decidedMs[row] = this.#clock.monotonicMs();
    this.#recorder?.clear();
    const decision = this.#decider.decide(data);
    const { spanCount } = data.view;
    this.#settle(row, decision, 'not_sampled');
    return spanCount;
  }

  /** Drops all that waits, and gives memory back. */
  close(): void {
    for (let list = 0; list < this.#state.lists; list += 1) {
      let row = this.#state.batches.first(list);
      for (; row >= 0; row = this.#state.batches.first(list)) this.#forget(row, 'shutdown');
    }
    this.store.close();
  }
}
