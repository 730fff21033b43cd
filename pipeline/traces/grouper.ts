import { Cursor, noBytes, readVarint, skipValue } from '../../pdata/proto/cursor.ts';
import { grown } from '../grown.ts';
import { readWord } from './id-table.ts';

/** Columns of a span in {@link SpanGrouper.spans}. */
export const SpanColumn = { header: 0, end: 1, scope: 2, next: 3 } as const;
/** Numbers of a span. */
export const spanStride = 4;

/** Calls `visit` with the bounds of the fields inside each ResourceSpans of a checked request. */
export function eachResource(bytes: Uint8Array, visit: (start: number, end: number) => void): void {
  const c = new Cursor(bytes);
  while (c.pos < bytes.length) {
    const start = c.pos;
    const tag = readVarint(c);
    skipValue(c, tag);
    if (tag === 10) visit(start, c.pos);
  }
}

/**
 * The spans of one ResourceSpans by trace id: lists of spans in typed arrays, which are used again
 * for the next. Traces are numbered in the order in which they appear.
 */
export class SpanGrouper {
  bytes: Uint8Array = noBytes;
  /** First byte of the ResourceSpans, its tag. */
  group = 0;
  /** End of the ResourceSpans. */
  end = 0;
  spanCount = 0;
  traceCount = 0;
  /** {@link SpanColumn}: bounds of a span with its tag, its ScopeSpans, next span of the trace. */
  spans = new Int32Array(256 * spanStride);
  /** First and last span, number of spans, 1 when one of them has no parent; by trace. */
  first = new Int32Array(64);
  last = new Int32Array(64);
  counts = new Int32Array(64);
  roots = new Uint8Array(64);
  /** Four words of each trace's id. */
  ids = new Int32Array(64 * 4);
  readonly #cursor = new Cursor(noBytes);
  readonly #seed: number;
  #index = new Int32Array(128);
  /** Where the last scanned span has its trace id, -1 = nowhere; and whether it has a parent. */
  #idAt = -1;
  #hasParent = false;

  /** @param seed any 32 bits that senders cannot know: they could make ids collide */
  constructor(seed: number) {
    this.#seed = seed;
  }

  /** Groups the spans of the ResourceSpans that, with its tag, is [start, end). */
  scan(bytes: Uint8Array, start: number, end: number): void {
    this.#forget();
    this.bytes = bytes;
    this.group = start;
    this.end = end;
    const c = this.#cursor;
    c.bytes = bytes;
    c.pos = start;
    readVarint(c);
    readVarint(c);
    while (c.pos < end) {
      const scope = c.pos;
      const tag = readVarint(c);
      if (tag !== 18) {
        skipValue(c, tag);
        continue;
      }
      const length = readVarint(c);
      this.#scope(c, scope, c.pos + length);
    }
  }

  #forget(): void {
    if (this.traceCount * 8 > this.#index.length) this.#index.fill(0);
    else for (let t = 0; t < this.traceCount; t += 1) this.#index[this.#slotOf(t)] = 0;
    this.spanCount = 0;
    this.traceCount = 0;
  }

  #scope(c: Cursor, scope: number, stop: number): void {
    let trace = -1;
    while (c.pos < stop) {
      const header = c.pos;
      const tag = readVarint(c);
      if (tag !== 18) {
        skipValue(c, tag);
        continue;
      }
      const length = readVarint(c);
      const end = c.pos + length;
      this.#readSpan(c, end);
      trace = this.#traceOf(trace);
      this.#add(trace, header, end, scope);
      c.pos = end;
    }
  }

  /** Finds trace id and parent among a span's fields. */
  #readSpan(c: Cursor, end: number): void {
    const b = this.bytes;
    let p = c.pos;
    this.#idAt = -1;
    this.#hasParent = false;
    while (p < end) {
      const tag = b[p]!;
      const size = b[p + 1]!;
      if ((tag & 135) === 2 && size < 128) {
        p += 2;
        if (tag === 10) this.#idAt = size === 16 ? p : -1;
        else if (tag === 34) this.#hasParent = size > 0 && !isZero(b, p, size);
        p += size;
      } else if ((tag & 135) === 1) p += 9;
      else {
        c.pos = p;
        skipValue(c, readVarint(c));
        p = c.pos;
      }
    }
  }

  /** Number of the trace of the span that was read, made if it is new. @param last a guess */
  #traceOf(last: number): number {
    const b = this.bytes;
    const p = this.#idAt;
    const x = p < 0 ? 0 : readWord(b, p);
    const y = p < 0 ? 0 : readWord(b, p + 4);
    const z = p < 0 ? 0 : readWord(b, p + 8);
    const w = p < 0 ? 0 : readWord(b, p + 12);
    if (last >= 0 && this.#is(last, x, y, z, w)) return last;
    const mask = this.#index.length - 1;
    let slot = hash(x ^ this.#seed, y, z, w) & mask;
    for (;;) {
      const trace = this.#index[slot]! - 1;
      if (trace < 0) break;
      if (this.#is(trace, x, y, z, w)) return trace;
      slot = (slot + 1) & mask;
    }
    return this.#newTrace(slot, x, y, z, w);
  }

  #is(trace: number, x: number, y: number, z: number, w: number): boolean {
    const i = this.ids;
    const at = trace * 4;
    return i[at] === x && i[at + 1] === y && i[at + 2] === z && i[at + 3] === w;
  }

  #newTrace(slot: number, x: number, y: number, z: number, w: number): number {
    const trace = this.traceCount;
    if (trace === this.counts.length) this.#growTraces();
    const at = trace * 4;
    this.ids[at] = x;
    this.ids[at + 1] = y;
    this.ids[at + 2] = z;
    this.ids[at + 3] = w;
    this.counts[trace] = 0;
    this.roots[trace] = 0;
    this.traceCount += 1;
    if (this.traceCount * 2 > this.#index.length) this.#growIndex();
    else this.#index[slot] = trace + 1;
    return trace;
  }

  #growTraces(): void {
    const size = this.counts.length * 2;
    this.first = grown(this.first, size);
    this.last = grown(this.last, size);
    this.counts = grown(this.counts, size);
    this.ids = grown(this.ids, size * 4);
    this.roots = grown(this.roots, size);
  }

  #growIndex(): void {
    this.#index = new Int32Array(this.#index.length * 2);
    const mask = this.#index.length - 1;
    for (let t = 0; t < this.traceCount; t += 1) {
      let slot = this.#hashOf(t) & mask;
      while (this.#index[slot] !== 0) slot = (slot + 1) & mask;
      this.#index[slot] = t + 1;
    }
  }

  #hashOf(trace: number): number {
    const i = this.ids;
    const at = trace * 4;
    return hash(i[at]! ^ this.#seed, i[at + 1]!, i[at + 2]!, i[at + 3]!);
  }

  /** The slot of a trace; those before it in its run may be gone already. */
  #slotOf(trace: number): number {
    const mask = this.#index.length - 1;
    let slot = this.#hashOf(trace) & mask;
    while (this.#index[slot] !== trace + 1) slot = (slot + 1) & mask;
    return slot;
  }

  #add(trace: number, header: number, end: number, scope: number): void {
    const span = this.spanCount;
    if ((span + 1) * spanStride > this.spans.length) {
      this.spans = grown(this.spans, this.spans.length * 2);
    }
    this.spanCount += 1;
    const s = this.spans;
    const at = span * spanStride;
    s[at] = header;
    s[at + 1] = end;
    s[at + 2] = scope;
    s[at + 3] = -1;
    if (this.counts[trace] === 0) this.first[trace] = span;
    else s[this.last[trace]! * spanStride + SpanColumn.next] = span;
    this.last[trace] = span;
    this.counts[trace]! += 1;
    if (!this.#hasParent) this.roots[trace] = 1;
  }
}

function isZero(b: Uint8Array, start: number, size: number): boolean {
  for (let i = 0; i < size; i += 1) if (b[start + i] !== 0) return false;
  return true;
}

function hash(x: number, y: number, z: number, w: number): number {
  let h = Math.imul(x, 0x9e3779b1);
  h = Math.imul((h ^ (h >>> 15)) + y, 0x85ebca77);
  h = Math.imul((h ^ (h >>> 13)) + z, 0xc2b2ae3d);
  h = Math.imul((h ^ (h >>> 16)) + w, 0x27d4eb2f);
  return h ^ (h >>> 15);
}
