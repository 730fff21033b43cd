import { PipelineError } from '../../component/errors.ts';
import type { MemoryBudget, Random } from '../../component/settings.ts';
import type { Traces } from '../../pdata/batch.ts';
import { grown } from '../grown.ts';
import { Blocks, type Placed } from './blocks.ts';
import { SpanColumn, type SpanGrouper, spanStride } from './grouper.ts';
import { IdTable } from './id-table.ts';
import { Run, runStride } from './runs.ts';

/** Bytes that a row takes in the columns of a store and its owner, about. */
const rowBytes = 60;

/**
 * Spans of many traces as the bytes that came in, by trace id. No objects a trace or span:
 *
 *     ids     trace id -> row            columns by row: first and last run, spans, bytes, arrival
 *     runs    neighbouring spans of one trace: block, bounds, their ResourceSpans and ScopeSpans
 *     blocks  copies of the ResourceSpans, let go when no run points there any more
 *
 * A row may outlive its spans: what was decided about a trace is remembered by its row.
 */
export class TraceStore {
  readonly ids: IdTable;
  readonly blocks: Blocks;
  /** First and last run of each row, -1 = none. */
  firstRun = new Int32Array(0);
  lastRun = new Int32Array(0);
  /** Spans that came for the row so far. */
  spans = new Int32Array(0);
  /** Encoded size of what came so far. */
  bytes = new Float64Array(0);
  /** Clock.monotonicMs() of the first span. */
  arrival = new Float64Array(0);
  /** Runs: {@link Run}. */
  runs = new Int32Array(1024 * runStride);
  /** Spans that are held. */
  held = 0;
  readonly #budget: MemoryBudget;
  readonly #listeners: ((rows: number) => void)[] = [];
  #freeRun = -1;
  #runCount = 0;
  #tables = 0;
  readonly #placed: Placed = { block: 0, offset: 0 };

  constructor(budget: MemoryBudget, random: Random) {
    this.#budget = budget;
    this.blocks = new Blocks(budget);
    this.ids = new IdTable(random, (rows) => this.#grow(rows));
  }

  /** Tells of the number of rows, now and whenever it grows. */
  onGrow(listener: (rows: number) => void): void {
    this.#listeners.push(listener);
    listener(this.ids.capacity);
  }

  #grow(rows: number): void {
    this.firstRun = grown(this.firstRun, rows);
    this.lastRun = grown(this.lastRun, rows);
    this.spans = grown(this.spans, rows);
    this.bytes = grown(this.bytes, rows);
    this.arrival = grown(this.arrival, rows);
    for (const listener of this.#listeners) listener(rows);
    this.#account();
  }

  /** Counts the tables with the budget, as far as it goes. */
  #account(): void {
    const missing = this.#tableBytes(this.arrival.length) - this.#tables;
    if (missing > 0 && this.#budget.tryReserve(missing)) this.#tables += missing;
  }

  #tableBytes(rows: number): number {
    return IdTable.bytesFor(rows) + rows * rowBytes + this.runs.byteLength;
  }

  /**
   * Whether the budget lets a row be added: asked before {@link add}. Where it does not, an old row
   * has to go first.
   */
  hasRow(): boolean {
    const { count, capacity } = this.ids;
    if (count < capacity) return true;
    const missing = this.#tableBytes(capacity * 2) - this.#tables;
    if (missing <= 0) return true;
    // tables stay as large as they are: half of the memory is left to spans
    const { used, limit } = this.#budget;
    if (used + missing > limit / 2 || !this.#budget.tryReserve(missing)) return false;
    this.#tables += missing;
    return true;
  }

  /** The row of trace `trace` of a grouper, -1 = none. */
  rowOf({ ids }: SpanGrouper, trace: number): number {
    const at = trace * 4;
    return this.ids.find(ids[at]!, ids[at + 1]!, ids[at + 2]!, ids[at + 3]!);
  }

  /** A row for trace `trace` of a grouper, which has none. */
  addTrace({ ids }: SpanGrouper, trace: number, nowMs: number): number {
    const at = trace * 4;
    return this.add(ids[at]!, ids[at + 1]!, ids[at + 2]!, ids[at + 3]!, nowMs);
  }

  /** A row for a new trace. */
  add(a: number, b: number, c: number, d: number, nowMs: number): number {
    const row = this.ids.add(a, b, c, d);
    this.firstRun[row] = -1;
    this.lastRun[row] = -1;
    this.spans[row] = 0;
    this.bytes[row] = 0;
    this.arrival[row] = nowMs;
    return row;
  }

  /** What to refuse a batch with for which the budget has no room; undefined = it has. */
  refusal(batch: Traces): PipelineError | undefined {
    const bytes = batch.ranges().reduce((sum, { length }) => sum + length, 0);
    if (this.blocks.hasRoom(bytes)) return undefined;
    const message = `memory budget exhausted: ${batch.byteLength} bytes do not fit`;
    return new PipelineError(message, { retryable: true });
  }

  /** Copies a ResourceSpans to a block that stays until {@link release} is called for it. */
  place(bytes: Uint8Array, start: number, end: number): Readonly<Placed> {
    this.blocks.place(bytes, start, end, this.#placed);
    return this.#placed;
  }

  /**
   * Adds trace `trace` of a grouper to a row. @param shift what to add to the grouper's offsets
   * for those in `block`. @returns the first of the runs that were added
   */
  append(row: number, grouper: SpanGrouper, trace: number, block: number, shift: number): number {
    const s = grouper.spans;
    const group = grouper.group + shift;
    let added = -1;
    let run = -1;
    let runs = 0;
    for (let span = grouper.first[trace]!; span >= 0; ) {
      const at = span * spanStride;
      const start = s[at]! + shift;
      const scope = s[at + SpanColumn.scope]! + shift;
      const r = run * runStride;
      if (run >= 0 && this.runs[r + Run.end] === start && this.runs[r + Run.scope] === scope) {
        this.runs[r + Run.end] = s[at + SpanColumn.end]! + shift;
        this.runs[r + Run.count]! += 1;
      } else {
        const next = this.#newRun(block, start, s[at + SpanColumn.end]! + shift, group, scope);
        if (added < 0) added = next;
        else this.runs[run * runStride] = next;
        run = next;
        runs += 1;
      }
      span = s[at + SpanColumn.next]!;
    }
    this.blocks.retain(block, runs);
    this.#link(row, added, run);
    this.held += grouper.counts[trace]!;
    return added;
  }

  #link(row: number, first: number, last: number): void {
    if (this.firstRun[row]! < 0) this.firstRun[row] = first;
    else this.runs[this.lastRun[row]! * runStride] = first;
    this.lastRun[row] = last;
  }

  #newRun(block: number, start: number, end: number, group: number, scope: number): number {
    let run = this.#freeRun;
    if (run >= 0) this.#freeRun = this.runs[run * runStride]!;
    else {
      run = this.#runCount;
      this.#runCount += 1;
      if (this.#runCount * runStride > this.runs.length) {
        this.runs = grown(this.runs, this.runs.length * 2);
        this.#account();
      }
    }
    const r = run * runStride;
    const { runs } = this;
    runs[r] = -1;
    runs[r + 1] = block;
    runs[r + 2] = start;
    runs[r + 3] = end;
    runs[r + 4] = group;
    runs[r + 5] = scope;
    runs[r + 6] = 1;
    return run;
  }

  /** Spans of a row that are held. */
  heldSpans(row: number): number {
    let count = 0;
    for (let run = this.firstRun[row]!; run >= 0; run = this.runs[run * runStride]!) {
      count += this.runs[run * runStride + Run.count]!;
    }
    return count;
  }

  /** Lets the spans of a row go; the row stays. @returns how many they were */
  clear(row: number): number {
    const { runs } = this;
    let count = 0;
    for (let run = this.firstRun[row]!; run >= 0; ) {
      const r = run * runStride;
      const next = runs[r]!;
      count += runs[r + Run.count]!;
      this.blocks.release(runs[r + Run.block]!, 1);
      runs[r] = this.#freeRun;
      this.#freeRun = run;
      run = next;
    }
    this.firstRun[row] = -1;
    this.lastRun[row] = -1;
    this.held -= count;
    return count;
  }

  /** Forgets a row, and its spans. @returns how many spans they were */
  remove(row: number): number {
    const count = this.clear(row);
    this.ids.remove(row);
    return count;
  }

  /** Gives all memory back; no spans may be held. */
  close(): void {
    this.blocks.close();
    this.#budget.release(this.#tables);
    this.#tables = 0;
  }
}
