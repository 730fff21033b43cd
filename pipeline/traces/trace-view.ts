import { Cursor, noBytes, readVarint, skipValue } from '../../pdata/proto/cursor.ts';
import { MessageView } from '../../pdata/readers.ts';
import { grown } from '../grown.ts';
import { Run, runStride } from './runs.ts';
import type { TraceStore } from './store.ts';
import type { TraceWriter } from './write.ts';

/** Spans whose views keep what they have looked up while a trace is looked at several times. */
const keptViews = 128;

/** Columns of a span in the list of spans. */
const Entry = { group: 0, scopeRun: 1, start: 2, end: 3 } as const;
const entryStride = 4;

/**
 * The spans of one row of a store, read in place. Made once and moved from trace to trace:
 *
 *     view.open(row, first run)
 *     for (let i = 0; i < view.spanCount; i += 1) view.span(i).find(key)
 *
 * Views of the first spans keep what they found, so that looking twice costs little.
 */
export class TraceView {
  /** Spans, and arrivals of spans of one resource. */
  spanCount = 0;
  groupCount = 0;
  readonly #store: TraceStore;
  readonly #cursor = new Cursor(noBytes);
  #entries = new Int32Array(64 * entryStride);
  /** First run of each group. */
  #groups = new Int32Array(16);
  readonly #spans: MessageView[] = [];
  readonly #resources: MessageView[] = [];
  /** Trace that each view stands on: {@link #stamp} when it was moved. */
  readonly #spanStamps = new Float64Array(keptViews + 1);
  readonly #resourceStamps = new Float64Array(keptViews + 1);
  #stamp = 0;
  #row = -1;
  #first = -1;
  readonly #writer: TraceWriter;

  constructor(store: TraceStore, writer: TraceWriter) {
    this.#store = store;
    this.#writer = writer;
  }

  /** Word 0 to 3 of the trace's id, the first byte lowest. */
  idWord(number: number): number {
    return this.#store.ids.word(this.#row, number);
  }

  /** Bytes of the spans with their resources and scopes. */
  encodedSize(): number {
    return this.#writer.measure(this.#first);
  }

  /** Moves to the runs of a row, from `first` on. */
  open(row: number, first: number): void {
    const { runs } = this.#store;
    this.#row = row;
    this.#first = first;
    this.#stamp += 1;
    this.spanCount = 0;
    this.groupCount = 0;
    let group = -1;
    let block = -1;
    for (let run = first; run >= 0; run = runs[run * runStride]!) {
      const r = run * runStride;
      if (runs[r + Run.block] !== block || runs[r + Run.group] !== group) {
        block = runs[r + Run.block]!;
        group = runs[r + Run.group]!;
        this.#addGroup(run);
      }
      this.#addRun(run);
    }
  }

  #addGroup(run: number): void {
    if (this.groupCount === this.#groups.length) {
      this.#groups = grown(this.#groups, this.groupCount * 2);
    }
    this.#groups[this.groupCount] = run;
    this.groupCount += 1;
  }

  #addRun(run: number): void {
    const { runs, blocks } = this.#store;
    const r = run * runStride;
    const c = this.#cursor;
    c.bytes = blocks.bytes(runs[r + Run.block]!);
    c.pos = runs[r + Run.start]!;
    const stop = runs[r + Run.end]!;
    while (c.pos < stop) {
      readVarint(c);
      const length = readVarint(c);
      const at = this.spanCount * entryStride;
      if (at === this.#entries.length) {
        this.#entries = grown(this.#entries, at * 2);
      }
      const e = this.#entries;
      e[at] = this.groupCount - 1;
      e[at + Entry.scopeRun] = run;
      e[at + Entry.start] = c.pos;
      c.pos += length;
      e[at + Entry.end] = c.pos;
      this.spanCount += 1;
    }
  }

  /** Group of span `i`, for {@link resource}. */
  groupOf(i: number): number {
    return this.#entries[i * entryStride]!;
  }

  /** Span `i`, as long as no other beyond the first 128 is asked for. */
  span(i: number): MessageView {
    const place = Math.min(i, keptViews);
    let view = this.#spans[place];
    if (view === undefined) {
      view = new MessageView();
      view.attributeField = 9;
      this.#spans[place] = view;
    }
    const fresh = place < keptViews && this.#spanStamps[place] === this.#stamp;
    if (!fresh) {
      this.#spanStamps[place] = this.#stamp;
      this.bindSpan(view, i);
    }
    return view;
  }

  /** Puts a view on span `i`. */
  bindSpan(view: MessageView, i: number): void {
    const e = this.#entries;
    const at = i * entryStride;
    const run = e[at + Entry.scopeRun]!;
    const bytes = this.#store.blocks.bytes(this.#store.runs[run * runStride + Run.block]!);
    view.bindBytes(bytes, e[at + Entry.start]!, e[at + Entry.end]!);
  }

  /** The resource of group `g`, as long as no other beyond the first 128 is asked for. */
  resource(g: number): MessageView {
    const place = Math.min(g, keptViews);
    let view = this.#resources[place];
    if (view === undefined) {
      view = new MessageView();
      view.attributeField = 1;
      this.#resources[place] = view;
    }
    const fresh = place < keptViews && this.#resourceStamps[place] === this.#stamp;
    if (!fresh) {
      this.#resourceStamps[place] = this.#stamp;
      const run = this.#groups[g]!;
      this.#bindHead(view, run, this.#store.runs[run * runStride + Run.group]!);
    }
    return view;
  }

  /** Puts a view on the scope of span `i`. */
  bindScope(view: MessageView, i: number): void {
    const run = this.#entries[i * entryStride + Entry.scopeRun]!;
    this.#bindHead(view, run, this.#store.runs[run * runStride + Run.scope]!);
  }

  /** Puts a view on the resource of span `i`. */
  bindResource(view: MessageView, i: number): void {
    const run = this.#entries[i * entryStride + Entry.scopeRun]!;
    this.#bindHead(view, run, this.#store.runs[run * runStride + Run.group]!);
  }

  /** Puts a view on the resource or scope of the group at `at`, or on nothing. */
  #bindHead(view: MessageView, run: number, at: number): void {
    const { runs, blocks } = this.#store;
    const c = this.#cursor;
    c.bytes = blocks.bytes(runs[run * runStride + Run.block]!);
    c.pos = at;
    readVarint(c);
    readVarint(c);
    // a head stands before all else in its group, and each group here holds a span
    if (readVarint(c) === 10) {
      const length = readVarint(c);
      view.bindBytes(c.bytes, c.pos, c.pos + length);
    } else view.bindBytes(c.bytes, at, at);
  }

  /** Puts a view on the next event (field 11) of the span in `bytes` after `from`. */
  nextEvent(view: MessageView, bytes: Uint8Array, from: number, end: number): boolean {
    const c = this.#cursor;
    c.bytes = bytes;
    c.pos = from;
    while (c.pos < end) {
      const tag = readVarint(c);
      if (tag !== 90) {
        skipValue(c, tag);
        continue;
      }
      const length = readVarint(c);
      view.bindBytes(bytes, c.pos, c.pos + length);
      return true;
    }
    return false;
  }
}
