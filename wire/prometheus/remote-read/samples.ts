import { varintSize, Writer } from '../../../pdata/proto/writer.ts';
import { type HistogramSeries, putHistogram } from './histogram.ts';
import { bitsOf, type SeriesColumns } from './series.ts';

/** A part of the message of this many bytes is set aside. */
const partBytes = 1 << 20;

/**
 * Writes prometheus.ReadResponse: {@link add} series by series, {@link endResult} after those of a
 * query. Samples of a series are in one piece, so memory is that of the message and its largest
 * series.
 */
export class ReadResponseWriter {
  readonly #done: Uint8Array[] = [];
  #result: Uint8Array[] = [];
  #resultBytes = 0;
  #doneBytes = 0;
  readonly #w = new Writer(65_536);

  /** Bytes of the message as far as it is written. */
  get size(): number {
    return this.#doneBytes + this.#resultBytes + this.#w.length;
  }

  add({ labels, times, values }: SeriesColumns): void {
    const w = this.#w;
    const at = w.open(1, 3);
    putLabels(w, labels);
    const bits = bitsOf(values);
    for (let i = 0; i < times.length; i += 1) {
      const sample = w.open(2);
      const lo = bits[2 * i]!;
      const hi = bits[2 * i + 1]!;
      if (lo !== 0 || hi !== 0) w.fixed64Field(1, lo, hi);
      if (times[i] !== 0) w.intField(2, times[i]!);
      w.close(sample);
    }
    w.close(at);
    if (w.length >= partBytes) this.#setAside();
  }

  /** A series of native histograms; points whose scale Prometheus lacks are left out. */
  addHistograms({ labels, points }: HistogramSeries): void {
    const w = this.#w;
    const at = w.open(1, 3);
    putLabels(w, labels);
    for (const point of points) putHistogram(w, 4, point);
    w.close(at);
    if (w.length >= partBytes) this.#setAside();
  }

  #setAside(): void {
    const part = this.#w.take();
    this.#result.push(part);
    this.#resultBytes += part.length;
  }

  endResult(): void {
    this.#setAside();
    const head = new Writer(1 + varintSize(this.#resultBytes));
    head.tag(1, 2);
    head.varint(this.#resultBytes);
    const bytes = head.take();
    this.#done.push(bytes, ...this.#result);
    this.#doneBytes += bytes.length + this.#resultBytes;
    this.#result = [];
    this.#resultBytes = 0;
  }

  /** The message in pieces. */
  finish(): readonly Uint8Array[] {
    return this.#done;
  }
}

/** Writes labels as field 1 of a series. */
export function putLabels(w: Writer, labels: SeriesColumns['labels']): void {
  for (const [name, value] of labels) {
    const at = w.open(1);
    w.stringField(1, name);
    w.stringField(2, value);
    w.close(at);
  }
}
