import type { CheckedReader } from '../../../pdata/proto/checked-reader.ts';
import { HistogramMessage } from './histogram-message.ts';
import { type PlainExemplar, readExemplar } from './protobuf-exemplar.ts';

const noBytes = new Uint8Array(0);

/** A metric as its message has it; read into again and again. */
export class MetricMessage {
  /** The fields of its labels, tags and all, are bytes [labelsFrom, labelsTo) of `labels`. */
  labels: Uint8Array = noBytes;
  labelsFrom = 0;
  labelsTo = 0;
  /** Of a counter, gauge or untyped metric. */
  value = 0;
  exemplar: PlainExemplar | undefined;
  hasHistogram = false;
  readonly histogram = new HistogramMessage();
  summaryCount = 0;
  summarySum = 0;
  /** Quantiles and their values, alternating. */
  readonly quantiles: number[] = [];
  /** Milliseconds since 1970; 0 = not said. */
  timeMs = 0;

  /** Reads the message that begins with its length here; what its labels say is not judged. */
  read(input: CheckedReader): void {
    this.#clear();
    const outer = input.enter();
    for (let at = input.pos, tag = input.next(); tag !== 0; at = input.pos, tag = input.next()) {
      if (tag === 10) this.#label(input, at);
      else if (tag === 18 || tag === 26 || tag === 42) this.#number(input, tag === 26);
      else if (tag === 34) this.#summary(input);
      else if (tag === 48) this.timeMs = input.int64();
      else if (tag === 58) {
        this.hasHistogram = true;
        this.histogram.read(input);
      } else input.skip(tag);
    }
    input.leave(outer);
  }

  #clear(): void {
    this.labels = noBytes;
    this.labelsFrom = 0;
    this.labelsTo = 0;
    this.value = 0;
    this.exemplar = undefined;
    this.hasHistogram = false;
    this.timeMs = 0;
    this.#clearSummary();
  }

  #clearSummary(): void {
    this.summaryCount = 0;
    this.summarySum = 0;
    this.quantiles.length = 0;
  }

  /** @param at the byte of the field's tag */
  #label(input: CheckedReader, at: number): void {
    input.range();
    if (this.labelsTo === 0) {
      this.labels = input.bytes;
      this.labelsFrom = at;
    } else if (this.labels !== input.bytes || this.labelsTo !== at) {
      // another field stands between labels: they are put together
      const { labels, labelsFrom, labelsTo } = this;
      this.labels = Buffer.concat([
        labels.subarray(labelsFrom, labelsTo),
        input.bytes.subarray(at, input.to),
      ]);
      this.labelsFrom = 0;
      this.labelsTo = this.labels.length;
      return;
    }
    this.labelsTo = input.to;
  }

  #number(input: CheckedReader, counter: boolean): void {
    const outer = input.enter();
    for (let tag = input.next(); tag !== 0; tag = input.next()) {
      if (tag === 9) this.value = input.double();
      else if (tag === 18 && counter) this.exemplar = readExemplar(input);
      else input.skip(tag);
    }
    input.leave(outer);
  }

  #summary(input: CheckedReader): void {
    this.#clearSummary();
    const outer = input.enter();
    for (let tag = input.next(); tag !== 0; tag = input.next()) {
      if (tag === 8) this.summaryCount = input.uint64();
      else if (tag === 17) this.summarySum = input.double();
      else if (tag === 26) this.#quantile(input);
      else input.skip(tag);
    }
    input.leave(outer);
  }

  #quantile(input: CheckedReader): void {
    let quantile = 0;
    let value = 0;
    const outer = input.enter();
    for (let tag = input.next(); tag !== 0; tag = input.next()) {
      if (tag === 9) quantile = input.double();
      else if (tag === 17) value = input.double();
      else input.skip(tag);
    }
    input.leave(outer);
    this.quantiles.push(quantile, value);
  }
}
