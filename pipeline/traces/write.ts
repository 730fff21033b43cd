import { Cursor, noBytes, readVarint } from '../../pdata/proto/cursor.ts';
import { putVarint, varintSize } from '../../pdata/proto/writer.ts';
import { Run, runStride } from './runs.ts';
import type { TraceStore } from './store.ts';

/** Writes runs of a store as ResourceSpans: one for each arrival, with its scopes. */
export class TraceWriter {
  readonly #store: TraceStore;
  readonly #cursor = new Cursor(noBytes);
  /** Sizes of ResourceSpans and ScopeSpans in the order of writing. */
  #sizes = new Float64Array(16);
  #sizeCount = 0;

  constructor(store: TraceStore) {
    this.#store = store;
  }

  /** End of the head (resource or scope, field 1) at `at`, where a group begins; `at` = none. */
  #headEnd(bytes: Uint8Array, at: number): number {
    const c = this.#cursor;
    c.bytes = bytes;
    c.pos = at;
    if (readVarint(c) !== 10) return at;
    const length = readVarint(c);
    return c.pos + length;
  }

  #push(size: number): number {
    if (this.#sizeCount === this.#sizes.length) {
      const grown = new Float64Array(this.#sizeCount * 2);
      grown.set(this.#sizes);
      this.#sizes = grown;
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
      const head = this.#headEnd(bytes, group) - group;
      const place = this.#push(0);
      let size = head === 0 ? 2 : head;
      while (run >= 0) {
        const q = run * runStride;
        if (runs[q + Run.block] !== block || runs[q + Run.group] !== group) break;
        const scope = runs[q + Run.scope]!;
        const scopeHead = this.#headEnd(bytes, scope) - scope;
        let inner = scopeHead === 0 ? 2 : scopeHead;
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
      p = copyHead(out, p, bytes, group, this.#headEnd(bytes, group));
      while (run >= 0) {
        const q = run * runStride;
        if (runs[q + Run.block] !== block || runs[q + Run.group] !== group) break;
        const scope = runs[q + Run.scope]!;
        out[p] = 18;
        p = putVarint(out, p + 1, this.#sizes[place++]!);
        p = copyHead(out, p, bytes, scope, this.#headEnd(bytes, scope));
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

/** Copies a head, or writes an empty one. */
function copyHead(out: Uint8Array, at: number, bytes: Buffer, start: number, end: number): number {
  if (end > start) return at + bytes.copy(out, at, start, end);
  out[at] = 10;
  out[at + 1] = 0;
  return at + 2;
}
