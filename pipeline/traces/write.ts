import { Cursor, noBytes, readVarint, skipValue } from '../../pdata/proto/cursor.ts';
import { putVarint, varintSize } from '../../pdata/proto/writer.ts';
import { grown } from '../grown.ts';
import { Run, runStride } from './runs.ts';
import type { TraceStore } from './store.ts';

/** Writes runs of a store as ResourceSpans: one for each arrival, with its scopes. */
export class TraceWriter {
  readonly #store: TraceStore;
  readonly #cursor = new Cursor(noBytes);
  /** Sizes of ResourceSpans and ScopeSpans in the order of writing. */
  #sizes = new Float64Array(16);
  #sizeCount = 0;
  readonly #whole: boolean;
  /** What {@link #findHead} found, and the end of its group. */
  #headStart = 0;
  #headEnd = 0;
  #end = 0;

  /** @param whole also schema URLs and unknown fields of groups are written */
  constructor(store: TraceStore, whole = false) {
    this.#store = store;
    this.#whole = whole;
  }

  /**
   * Finds what stands in the group at `at` beside spans and scopes: bytes [headStart, headEnd), and
   * with `whole` more behind. @returns how many bytes that is
   */
  #findHead(bytes: Uint8Array, at: number): number {
    const c = this.#cursor;
    c.bytes = bytes;
    c.pos = at;
    readVarint(c);
    const size = readVarint(c);
    this.#end = c.pos + size;
    this.#headStart = c.pos;
    this.#headEnd = c.pos;
    if (readVarint(c) === 10) {
      const length = readVarint(c);
      this.#headEnd = c.pos + length;
    }
    const head = this.#headEnd - this.#headStart;
    return this.#whole ? head + this.#eachRest(bytes, undefined, 0) : head;
  }

  /** Copies fields behind the head that are not field 2 to `out`. @returns their size */
  #eachRest(bytes: Uint8Array, out: Uint8Array | undefined, at: number): number {
    const c = this.#cursor;
    c.bytes = bytes;
    c.pos = this.#headEnd;
    let size = 0;
    while (c.pos < this.#end) {
      const start = c.pos;
      const tag = readVarint(c);
      skipValue(c, tag);
      if (tag === 18) continue;
      out?.set(bytes.subarray(start, c.pos), at + size);
      size += c.pos - start;
    }
    return size;
  }

  /** Writes what {@link #findHead} finds; an empty head where there is none. */
  #writeHead(bytes: Buffer, at: number, out: Uint8Array, to: number): number {
    this.#findHead(bytes, at);
    let p = to;
    if (this.#headEnd > this.#headStart) {
      p += bytes.copy(out, p, this.#headStart, this.#headEnd);
    } else {
      out[p] = 10;
      out[p + 1] = 0;
      p += 2;
    }
    return this.#whole ? p + this.#eachRest(bytes, out, p) : p;
  }

  /** Bytes that {@link #writeHead} writes. */
  #headSize(bytes: Uint8Array, at: number): number {
    const size = this.#findHead(bytes, at);
    return this.#headEnd > this.#headStart ? size : size + 2;
  }

  #push(size: number): number {
    if (this.#sizeCount === this.#sizes.length) {
      this.#sizes = grown(this.#sizes, this.#sizeCount * 2);
    }
    this.#sizes[this.#sizeCount] = size;
    this.#sizeCount += 1;
    return this.#sizeCount - 1;
  }

  /**
   * Bytes that {@link write} will take for the runs from `first` on. Go's pdata counts the same for
   * spans as SDKs encode them.
   */
  measure(first: number): number {
    const { runs, blocks } = this.#store;
    this.#sizeCount = 0;
    let total = 0;
    for (let run = first; run >= 0; ) {
      const r = run * runStride;
      const block = runs[r + Run.block]!;
      const group = runs[r + Run.group]!;
      const bytes = blocks.bytes(block);
      const place = this.#push(0);
      let size = this.#headSize(bytes, group);
      while (run >= 0) {
        const q = run * runStride;
        if (runs[q + Run.block] !== block || runs[q + Run.group] !== group) break;
        const scope = runs[q + Run.scope]!;
        let inner = this.#headSize(bytes, scope);
        while (run >= 0 && this.#sameScope(run, block, scope)) {
          const s = run * runStride;
          inner += runs[s + Run.end]! - runs[s + Run.start]!;
          run = runs[s]!;
        }
        this.#push(inner);
        size += 1 + varintSize(inner) + inner;
      }
      this.#sizes[place] = size;
      total += 1 + varintSize(size) + size;
    }
    return total;
  }

  /** The same for runs of one ResourceSpans, without its tag and length. */
  groupSize(first: number): number {
    this.measure(first);
    return this.#sizes[0]!;
  }

  #sameScope(run: number, block: number, scope: number): boolean {
    const { runs } = this.#store;
    const r = run * runStride;
    return runs[r + Run.scope] === scope && runs[r + Run.block] === block;
  }

  /**
   * Writes the runs from `first` on to `out` at `at`, which has room for what {@link measure}, that
   * was called for the same runs just before, said. @returns the end
   */
  write(first: number, out: Uint8Array, at: number): number {
    const { runs, blocks } = this.#store;
    let p = at;
    let place = 0;
    for (let run = first; run >= 0; ) {
      const r = run * runStride;
      const block = runs[r + Run.block]!;
      const group = runs[r + Run.group]!;
      const bytes = blocks.bytes(block);
      out[p] = 10;
      p = putVarint(out, p + 1, this.#sizes[place++]!);
      p = this.#writeHead(bytes, group, out, p);
      while (run >= 0) {
        const q = run * runStride;
        if (runs[q + Run.block] !== block || runs[q + Run.group] !== group) break;
        const scope = runs[q + Run.scope]!;
        out[p] = 18;
        p = putVarint(out, p + 1, this.#sizes[place++]!);
        p = this.#writeHead(bytes, scope, out, p);
        while (run >= 0 && this.#sameScope(run, block, scope)) {
          const s = run * runStride;
          const end = runs[s + Run.end]!;
          p += bytes.copy(out, p, runs[s + Run.start]!, end);
          run = runs[s]!;
        }
      }
    }
    return p;
  }
}
