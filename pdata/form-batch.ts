import type { Batch, SplitLimits } from './batch.ts';
import type { OtlpBatch } from './otlp-batch.ts';
import type { Signal } from './signal.ts';

/** What a batch in another form than OTLP is. */
export interface FormParts<S extends Signal, F> {
  readonly signal: S;
  /** Its name, as in `Consumer.takes`. */
  readonly form: string;
  readonly value: F;
  readonly itemCount: number;
  /** Bytes in this form. */
  readonly byteLength: number;
  /** Bytes of memory that it keeps alive. */
  readonly backingBytes: number;
  /** The bytes for a queue on disk; undefined: only its OTLP can be stored. */
  readonly stored?: Uint8Array;
  /** Makes OTLP of it, at most once; absent where there is no way back. */
  toOtlp?(): OtlpBatch<S>;
}

/**
 * A batch that carries the form it came in, or the one it is stored in, so that a writer of that
 * form skips the detour by OTLP. It is handed to consumers that take the form; to all others it is
 * OTLP, which is made when it is first asked for.
 */
export class FormBatch<S extends Signal, F = unknown> implements Batch<S> {
  readonly signal: S;
  readonly form: string;
  readonly value: F;
  readonly itemCount: number;
  readonly byteLength: number;
  readonly stored: Uint8Array | undefined;
  readonly #backingBytes: number;
  readonly #toOtlp: (() => OtlpBatch<S>) | undefined;
  #otlp: OtlpBatch<S> | undefined;

  constructor(parts: FormParts<S, F>) {
    this.signal = parts.signal;
    this.form = parts.form;
    this.value = parts.value;
    this.itemCount = parts.itemCount;
    this.byteLength = parts.byteLength;
    this.stored = parts.stored;
    this.#backingBytes = parts.backingBytes;
    this.#toOtlp = parts.toOtlp === undefined ? undefined : () => parts.toOtlp!();
  }

  get backingBytes(): number {
    return this.#backingBytes + (this.#otlp?.backingBytes ?? 0);
  }

  /** The same data as OTLP. */
  get otlp(): OtlpBatch<S> {
    if (this.#otlp === undefined) {
      if (this.#toOtlp === undefined) throw new Error(`BUG: there is no OTLP of form ${this.form}`);
      this.#otlp = this.#toOtlp();
    }
    return this.#otlp;
  }

  ranges(): readonly Uint8Array[] {
    return this.otlp.ranges();
  }

  editable(): Batch<S> {
    return this.otlp.editable();
  }

  plain(): Batch<S> {
    return this;
  }

  detach(): Batch<S> {
    return this.#toOtlp === undefined ? this : this.otlp.detach();
  }

  split(limits: SplitLimits): Batch<S>[] {
    return this.otlp.split(limits);
  }
}

/** Form of a batch that a backend made for its own queue: the value is the bytes. */
export const storedForm = 'stored';

/** A batch in the form of the backend that stores it. @param bytes kept */
export function storedBatch<S extends Signal>(
  signal: S,
  bytes: Uint8Array,
  itemCount: number,
): FormBatch<S, Uint8Array> {
  return new FormBatch({
    signal,
    form: storedForm,
    value: bytes,
    itemCount,
    byteLength: bytes.length,
    backingBytes: bytes.buffer.byteLength,
    stored: bytes,
  });
}

/** The value of a batch in a form; undefined: it is in another one. */
export function inForm<F>(batch: Batch<Signal>, form: string): F | undefined {
  return batch instanceof FormBatch && batch.form === form ? (batch.value as F) : undefined;
}
