import type { StoredSpan, StoredTrace } from '../../../storage/traces/model.ts';
import type { RowFilter } from '../contract/trace.ts';
import { type Layout, layOut } from './layout.ts';
import { findMatches, type Matches } from './matches.ts';
import { PackedSpans } from './packed-spans.ts';
import { type CriticalIndex, indexCritical } from './rows.ts';
import { type View, type Visible, visibleRows } from './visible.ts';

/** Bytes a row has in the columns of a layout and in what is remembered of it, roughly. */
const bytesPerRow = 160;
/** Views and searches that are remembered of one trace. */
const remembered = 4;

/** A trace that was read: its layout, its spans packed, and what was asked of it lately. */
export class OpenTrace {
  readonly traceId: string;
  readonly ids: readonly string[];
  readonly version: string;
  readonly truncated: boolean;
  readonly adjusted: boolean;
  /** First and last start as stored, nanoseconds since 1970. */
  readonly firstNs: bigint;
  readonly lastNs: bigint;
  readonly spanCount: number;
  readonly layout: Layout;
  readonly critical: CriticalIndex;
  /** Until they are packed. */
  #spans: readonly StoredSpan[];
  #packing: Promise<PackedSpans> | undefined;
  #packedBytes: number;
  readonly #nameBytes: number;
  readonly #visible = new Recent<Visible>(remembered);
  readonly #matches = new Recent<Promise<Matches>>(remembered);

  constructor(trace: StoredTrace, adjust: boolean) {
    const { layout, spans } = layOut(trace, adjust);
    this.traceId = trace.traceId;
    const own = trace.ids ?? spans.map((span) => span.traceId);
    this.ids = [...new Set([trace.traceId, ...own])].sort();
    this.version = versionOf(spans, adjust);
    this.truncated = trace.truncated;
    this.adjusted = adjust;
    this.spanCount = spans.length;
    let [firstNs, lastNs] = [spans[0]?.startUnixNano ?? 0n, 0n];
    for (const { startUnixNano: ns } of spans) {
      if (ns < firstNs) firstNs = ns;
      if (ns > lastNs) lastNs = ns;
    }
    this.firstNs = firstNs;
    this.lastNs = lastNs;
    this.layout = layout;
    this.critical = indexCritical(layout);
    this.#packedBytes = spans.length * 1_500;
    this.#nameBytes = layout.texts.reduce((sum, text) => sum + text.length, 0);
    this.#spans = spans;
  }

  /** What it holds, roughly; more until its spans are packed. */
  get bytes(): number {
    return this.layout.count * bytesPerRow + this.#nameBytes + this.#packedBytes;
  }

  /** What the spans say; the first call packs it. */
  packed(): Promise<PackedSpans> {
    this.#packing ??= this.#pack();
    return this.#packing;
  }

  async #pack(): Promise<PackedSpans> {
    const packed = await PackedSpans.pack(this.#spans);
    this.#packedBytes = packed.bytes;
    this.#spans = [];
    return packed;
  }

  async matches(filter: RowFilter): Promise<Matches | undefined> {
    const key = JSON.stringify(filter);
    if (key === '{}') return undefined;
    return this.#matches.get(key, () => findMatches(this.layout, () => this.packed(), filter));
  }

  /** @param filter what `view.only` is made of, '' = nothing */
  visible(view: View, filter: string): Visible {
    const { order, collapse } = view;
    const key = JSON.stringify([order, collapse, view.only === undefined ? '' : filter]);
    return this.#visible.get(key, () => visibleRows(this.layout, view));
  }
}

/** The newest few of what was made, by key. */
class Recent<T> {
  readonly #limit: number;
  readonly #made = new Map<string, T>();

  constructor(limit: number) {
    this.#limit = limit;
  }

  get(key: string, make: () => T): T {
    const value = this.#made.get(key) ?? make();
    this.#made.delete(key);
    this.#made.set(key, value);
    if (this.#made.size > this.#limit) this.#made.delete(this.#made.keys().next().value!);
    return value;
  }
}

/** A hash of what makes rows what they are: the spans' ids, times and parents. */
function versionOf(spans: readonly StoredSpan[], adjust: boolean): string {
  let [a, b] = [0x811c9dc5, 0x9e3779b9];
  const add = (text: string): void => {
    for (let i = 0; i < text.length; i++) {
      const code = text.charCodeAt(i);
      a = Math.imul(a ^ code, 0x01000193);
      b = Math.imul(b ^ code, 0x85ebca6b) ^ (b >>> 13);
    }
  };
  for (const span of spans) {
    add(span.spanId);
    add(span.parentSpanId);
    add(String(span.endUnixNano));
  }
  const hex = (value: number): string => (value >>> 0).toString(16).padStart(8, '0');
  return `${spans.length}-${hex(a)}${hex(b)}${adjust ? '-a' : ''}`;
}
