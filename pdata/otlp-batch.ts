import type { Batch, SplitLimits } from './batch.ts';
import type { Overlay } from './overlay.ts';
import type { Signal } from './signal.ts';
import { splitBatch } from './split.ts';
import { buildTree, type Tree } from './tree.ts';
import { writeEdits } from './write-edits.ts';

/** Distinct ArrayBuffers behind `ranges`, in bytes. */
function backing(ranges: readonly Uint8Array[]): number {
  if (ranges.length === 1) return ranges[0]!.buffer.byteLength;
  const seen = new Set<ArrayBufferLike>();
  let total = 0;
  for (const range of ranges) {
    if (seen.has(range.buffer)) continue;
    seen.add(range.buffer);
    total += range.buffer.byteLength;
  }
  return total;
}

/**
 * The one implementation of {@link Batch}: a list of checked requests, an index of each made when
 * needed, and the edits.
 */
export class OtlpBatch<S extends Signal> implements Batch<S> {
  readonly signal: S;
  /** The requests as they came in. */
  readonly source: readonly Uint8Array[];
  /** Items of each request of `source`. */
  readonly counts: readonly number[];
  readonly itemCount: number;
  readonly byteLength: number;
  readonly #overlay: Overlay | undefined;
  #trees: (Tree | undefined)[] | undefined;
  #written: readonly Uint8Array[] | undefined;
  #writtenVersion = -1;
  #backingBytes = -1;

  /** @param source checked requests in canonical order; their bytes are not copied */
  constructor(
    signal: S,
    source: readonly Uint8Array[],
    counts: readonly number[],
    overlay?: Overlay,
    trees?: (Tree | undefined)[],
  ) {
    this.signal = signal;
    this.source = source;
    this.counts = counts;
    let items = 0;
    let bytes = 0;
    for (let i = 0; i < source.length; i += 1) {
      items += counts[i]!;
      bytes += source[i]!.length;
    }
    this.itemCount = items;
    this.byteLength = bytes;
    this.#overlay = overlay;
    this.#trees = trees;
  }

  get overlay(): Overlay | undefined {
    return this.#overlay;
  }

  get backingBytes(): number {
    if (this.#backingBytes < 0) this.#backingBytes = backing(this.source);
    return this.#backingBytes;
  }

  /** The index of request `i` of `source`. */
  tree(i: number): Tree {
    this.#trees ??= new Array<Tree | undefined>(this.source.length);
    const known = this.#trees[i];
    if (known !== undefined) return known;
    const tree = buildTree(this.signal, this.source[i]!, this.counts[i]!);
    this.#trees[i] = tree;
    return tree;
  }

  ranges(): readonly Uint8Array[] {
    const overlay = this.#overlay;
    if (overlay === undefined || overlay.version === 0) return this.source;
    if (this.#written === undefined || this.#writtenVersion !== overlay.version) {
      this.#written = writeEdits(this, overlay);
      this.#writtenVersion = overlay.version;
    }
    return this.#written;
  }

  editable(): Batch<S> {
    throw new Error('BUG: not yet');
  }

  detach(): Batch<S> {
    const ranges = this.ranges();
    let total = 0;
    for (const range of ranges) total += range.length;
    const bytes = new Uint8Array(total);
    let at = 0;
    for (const range of ranges) {
      bytes.set(range, at);
      at += range.length;
    }
    return new OtlpBatch(this.signal, [bytes], [this.itemCount]);
  }

  split(limits: SplitLimits): Batch<S>[] {
    return splitBatch(this.#plain(), limits);
  }

  /** This batch with its edits written. */
  #plain(): OtlpBatch<S> {
    const ranges = this.ranges();
    return ranges === this.source ? this : new OtlpBatch(this.signal, ranges, this.counts);
  }
}

/** The implementation behind a batch. */
export function otlpBatch<S extends Signal>(batch: Batch<S>): OtlpBatch<S> {
  if (batch instanceof OtlpBatch) return batch as OtlpBatch<S>;
  throw new Error('BUG: a batch that this program did not make');
}
