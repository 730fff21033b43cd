import type { Traces } from '../../pdata/batch.ts';
import { OtlpBatch } from '../../pdata/otlp-batch.ts';
import { setAttribute } from '../../pdata/overlay.ts';
import { type AttributeKey, SpanReader } from '../../pdata/readers.ts';
import { runStride } from './runs.ts';
import type { TraceStore } from './store.ts';
import type { TraceWriter } from './write.ts';

/** Bytes of a piece that several traces are written to. */
const sharedBytes = 2 ** 18;

/** An attribute that is set on the scopes of a trace. */
export interface Mark {
  readonly key: AttributeKey;
  /** An AnyValue. */
  readonly value: Uint8Array;
}

/** Traces written one after the other, until they are taken as a batch. */
export class Outgoing {
  readonly #store: TraceStore;
  readonly #writer: TraceWriter;
  readonly #ranges: Uint8Array[] = [];
  readonly #counts: number[] = [];
  #piece: Buffer = Buffer.alloc(0);
  #start = 0;
  #length = 0;
  #count = 0;
  /** Bytes that wait to be taken. */
  bytes = 0;

  readonly #pieceBytes: number;

  /** @param shared whether a piece of memory holds several traces */
  constructor(store: TraceStore, writer: TraceWriter, shared = true) {
    this.#store = store;
    this.#writer = writer;
    this.#pieceBytes = shared ? sharedBytes : 0;
  }

  /** Writes the spans of a row; they stay in the store. */
  add(row: number): void {
    const first = this.#store.firstRun[row]!;
    if (first < 0) return;
    const size = this.#writer.measure(first);
    if (this.#length + size > this.#piece.length) this.#turn(size);
    this.#length = this.#writer.write(first, this.#piece, this.#length);
    this.#count += this.#store.heldSpans(row);
    this.bytes += size;
  }

  /**
   * The same with attributes set on the scopes of the runs from `from` on, one of the row's. Not
   * for every day: each trace is written twice.
   */
  addMarked(row: number, marks: readonly Mark[], from = this.#store.firstRun[row]!): void {
    const { runs } = this.#store;
    const first = this.#store.firstRun[row]!;
    let before = -1;
    for (let run = first; run >= 0 && run !== from; run = runs[run * runStride]!) before = run;
    if (before >= 0) {
      runs[before * runStride] = -1;
      this.add(row);
      runs[before * runStride] = from;
    }
    this.#close();
    this.#store.firstRun[row] = from;
    this.add(row);
    this.#store.firstRun[row] = first;
    this.#close();
    const count = this.#counts.pop()!;
    const plain = new OtlpBatch('traces', [this.#ranges.pop()!], [count]);
    const batch = plain.editable() as Traces;
    const reader = new SpanReader(batch);
    while (reader.nextResource()) {
      while (reader.nextScope()) {
        for (const { key, value } of marks) setAttribute(reader.scope, key, value);
      }
    }
    this.#ranges.push(...batch.ranges());
    this.#counts.push(count);
  }

  #turn(size: number): void {
    this.#close();
    this.#piece = Buffer.allocUnsafeSlow(Math.max(size, this.#pieceBytes));
    this.#start = 0;
    this.#length = 0;
  }

  #close(): void {
    if (this.#length === this.#start) return;
    this.#ranges.push(this.#piece.subarray(this.#start, this.#length));
    this.#counts.push(this.#count);
    this.#start = this.#length;
    this.#count = 0;
  }

  /** What was written since the last call, undefined when there is nothing. */
  take(): Traces | undefined {
    this.#close();
    if (this.#ranges.length === 0) return undefined;
    this.bytes = 0;
    return new OtlpBatch('traces', this.#ranges.splice(0), this.#counts.splice(0));
  }
}
