import type { Batch, SplitLimits } from './batch.ts';
import { Overlay } from './edits.ts';
import { FormBatch } from './form-batch.ts';
import { editablePart, type Part, readPart } from './part.ts';
import type { Signal } from './signal.ts';
import { splitBatch } from './split.ts';
import { writePart } from './write-edits.ts';

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
  /** The edits; undefined = the batch cannot be edited. */
  readonly overlay: Overlay | undefined;
  readonly #parts: (Part | undefined)[];
  #written: readonly Uint8Array[] | undefined;
  #writtenVersion = -1;
  #backingBytes = -1;

  /** @param source checked requests in canonical order; their bytes are not copied */
  constructor(
    signal: S,
    source: readonly Uint8Array[],
    counts: readonly number[],
    overlay?: Overlay,
    parts: (Part | undefined)[] = [],
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
    this.overlay = overlay;
    this.#parts = parts;
  }

  get backingBytes(): number {
    if (this.#backingBytes < 0) this.#backingBytes = backing(this.source);
    const edits = this.overlay?.arena.bytes.length ?? 0;
    return this.#backingBytes + edits + (this.#written === undefined ? 0 : backing(this.#written));
  }

  /**
   * Request `i` of `source` with its index. For a batch with edits the bytes may differ from the
   * source: every group has its resource and scope then.
   */
  part(i: number): Part {
    const known = this.#parts[i];
    if (known !== undefined) return known;
    let part = readPart(this.signal, this.source[i]!, this.counts[i]!);
    if (this.overlay !== undefined) part = editablePart(this.signal, part, this.counts[i]!);
    this.#parts[i] = part;
    return part;
  }

  ranges(): readonly Uint8Array[] {
    const { overlay } = this;
    if (overlay === undefined || overlay.version === 0) return this.source;
    if (this.#written === undefined || this.#writtenVersion !== overlay.version) {
      this.#written = this.#write(overlay);
      this.#writtenVersion = overlay.version;
    }
    return this.#written;
  }

  #write(overlay: Overlay): Uint8Array[] {
    return this.source.map((bytes, i) => {
      const edits = overlay.parts[i];
      return edits === undefined ? bytes : writePart(this.part(i), edits, overlay.arena.bytes);
    });
  }

  editable(): Batch<S> {
    if (this.overlay !== undefined) {
      const copy = this.overlay.clone();
      return new OtlpBatch(this.signal, this.source, this.counts, copy, [...this.#parts]);
    }
    const parts = this.#parts.map((part, i) =>
      part === undefined ? part : editablePart(this.signal, part, this.counts[i]!),
    );
    return new OtlpBatch(this.signal, this.source, this.counts, new Overlay(), parts);
  }

  detach(): Batch<S> {
    const ranges = this.ranges();
    let total = 0;
    for (const range of ranges) total += range.length;
    const bytes = Buffer.allocUnsafeSlow(total);
    let at = 0;
    for (const range of ranges) {
      bytes.set(range, at);
      at += range.length;
    }
    return new OtlpBatch(this.signal, [bytes], [this.itemCount]);
  }

  split(limits: SplitLimits): Batch<S>[] {
    const ranges = this.ranges();
    const whole = ranges === this.source ? this : new OtlpBatch(this.signal, ranges, this.counts);
    return splitBatch(whole, limits);
  }

  plain(): OtlpBatch<S> {
    if (this.overlay === undefined && this.#parts.length === 0) return this;
    return new OtlpBatch(this.signal, this.ranges(), this.counts);
  }
}

/** The implementation behind a batch. */
export function otlpBatch<S extends Signal>(batch: Batch<S>): OtlpBatch<S> {
  if (batch instanceof OtlpBatch) return batch as OtlpBatch<S>;
  if (batch instanceof FormBatch) return batch.otlp as OtlpBatch<S>;
  throw new Error('BUG: a batch that this program did not make');
}

/** The batch with its edits written; itself, with its index, when it cannot have any. */
export function settled<S extends Signal>(batch: Batch<S>): Batch<S> {
  return otlpBatch(batch).overlay === undefined ? batch : batch.plain();
}
