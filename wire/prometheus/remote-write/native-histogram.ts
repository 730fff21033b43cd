import { doubleOf } from '../../../pdata/proto/cursor.ts';
import type { Input } from './protobuf.ts';
import { HistogramKind, staleHi, staleLo } from './request.ts';

/** Schema of histograms whose bounds are listed. */
const customSchema = -53;

/** What the writer of a histogram says of resets. */
const ResetHint = { unknown: 0, yes: 1, no: 2, gauge: 3 } as const;

/** Schemas of exponential buckets that may come: those in use and those kept for later. */
const schemaMin = -9;
const schemaMax = 52;

/**
 * A native histogram, read again and again into the same object. Buckets are counts (not deltas) in
 * the order of the spans.
 */
export class NativeHistogram {
  isFloat = false;
  count = 0;
  /** Lower and upper half of the sum. */
  sumLo = 0;
  sumHi = 0;
  schema = 0;
  zeroThreshold = 0;
  zeroCount = 0;
  resetHint = 0;
  timeMs = 0;
  /** 0 = not said. */
  startMs = 0;
  readonly customValues: number[] = [];
  /** Offsets and lengths, alternating. */
  readonly positiveSpans: number[] = [];
  readonly negativeSpans: number[] = [];
  readonly positive: number[] = [];
  readonly negative: number[] = [];
  /** Which kinds of buckets were written: 1 deltas, 2 counts. */
  #bucketKinds = 0;

  /** Whether the series ends here. */
  get stale(): boolean {
    return this.sumHi === staleHi && this.sumLo === staleLo;
  }

  /** One of {@link HistogramKind}. */
  get kind(): number {
    if (this.resetHint === ResetHint.gauge) return HistogramKind.gauge;
    return this.schema === customSchema ? HistogramKind.custom : HistogramKind.exponential;
  }

  /** Whether integer and float parts are mixed. */
  get mixed(): boolean {
    return this.#bucketKinds === 3 || this.#bucketKinds === (this.isFloat ? 1 : 2);
  }

  #reset(): void {
    this.isFloat = false;
    this.count = 0;
    this.sumLo = 0;
    this.sumHi = 0;
    this.schema = 0;
    this.zeroThreshold = 0;
    this.zeroCount = 0;
    this.resetHint = 0;
    this.timeMs = 0;
    this.startMs = 0;
    this.customValues.length = 0;
    this.positiveSpans.length = 0;
    this.negativeSpans.length = 0;
    this.positive.length = 0;
    this.negative.length = 0;
    this.#bucketKinds = 0;
  }

  /**
   * Reads a Histogram of either version from `input.pos` to `end`.
   * @throws MalformedMessage
   */
  read(input: Input, end: number): void {
    this.#reset();
    input.end = end;
    while (input.pos < end) this.#field(input, input.varint());
    if (this.#bucketKinds === 1) {
      cumulate(this.positive);
      cumulate(this.negative);
    }
  }

  #field(input: Input, tag: number): void {
    switch (tag) {
      case 8:
        this.isFloat = false;
        this.count = input.uint64();
        return;
      case 17:
        this.isFloat = true;
        this.count = double(input);
        return;
      case 25:
        input.fixed64();
        this.sumLo = input.lo;
        this.sumHi = input.hi;
        return;
      case 32:
        this.schema = input.sint64();
        return;
      case 41:
        this.zeroThreshold = double(input);
        return;
      case 48:
        this.zeroCount = input.uint64();
        return;
      case 57:
        this.zeroCount = double(input);
        return;
      case 112:
        this.resetHint = input.uint64();
        return;
      case 120:
        this.timeMs = input.int64();
        return;
      case 136:
        this.startMs = Math.max(0, input.int64());
        return;
      default:
        this.#listField(input, tag);
    }
  }

  #listField(input: Input, tag: number): void {
    const field = tag >>> 3;
    if (field === 8 || field === 11) {
      if ((tag & 7) !== 2) input.fail('a span that is no message');
      span(input, field === 8 ? this.negativeSpans : this.positiveSpans);
    } else if (field === 9 || field === 12) {
      this.#bucketKinds |= 1;
      packed(input, tag, 0, field === 9 ? this.negative : this.positive);
    } else if (field === 10 || field === 13) {
      this.#bucketKinds |= 2;
      packed(input, tag, 1, field === 10 ? this.negative : this.positive);
    } else if (field === 16) packed(input, tag, 1, this.customValues);
    else input.skip(tag);
  }
}

function double(input: Input): number {
  input.fixed64();
  return doubleOf(input.lo, input.hi);
}

function span(input: Input, spans: number[]): void {
  const outer = input.end;
  const end = input.inside();
  input.end = end;
  let offset = 0;
  let length = 0;
  while (input.pos < end) {
    const tag = input.varint();
    if (tag === 8) offset = input.sint64();
    else if (tag === 16) length = input.uint64();
    else input.skip(tag);
  }
  input.end = outer;
  spans.push(offset, length);
}

/** Zigzag varints (0) or doubles (1), packed or one by one. */
function packed(input: Input, tag: number, wireType: 0 | 1, out: number[]): void {
  const one = wireType === 0 ? () => input.sint64() : () => double(input);
  if ((tag & 7) === wireType) {
    out.push(one());
    return;
  }
  if ((tag & 7) !== 2) input.fail(`a bucket of wire type ${tag & 7}`);
  const outer = input.end;
  const end = input.inside();
  input.end = end;
  while (input.pos < end) out.push(one());
  input.end = outer;
}

function cumulate(deltas: number[]): void {
  for (let i = 1; i < deltas.length; i += 1) deltas[i] = deltas[i - 1]! + deltas[i]!;
}

function spanFault(spans: readonly number[], buckets: readonly number[]): string | undefined {
  let total = 0;
  for (let i = 0; i < spans.length; i += 2) {
    const offset = spans[i]!;
    if (i > 0 && offset < 0) return `span ${i / 2} has a negative offset: ${offset}`;
    if (Math.abs(offset) > 0x7fffffff || spans[i + 1]! > 0xffffffff) return 'a span is too long';
    total += spans[i + 1]!;
  }
  if (total === buckets.length) return undefined;
  return `spans need ${total} buckets, have ${buckets.length} buckets`;
}

function countFault(histogram: NativeHistogram): string | undefined {
  const { positive, negative, isFloat, count, zeroCount } = histogram;
  let total = zeroCount;
  for (const buckets of [positive, negative]) {
    for (const bucket of buckets) {
      if (!(bucket >= 0)) return `a bucket has a negative count: ${bucket}`;
      if (bucket === Number.POSITIVE_INFINITY) return 'a bucket has an infinite count';
      total += bucket;
    }
  }
  if (!(zeroCount >= 0)) return `the zero bucket has a negative count: ${zeroCount}`;
  if (!(count >= 0)) return `it has a negative count: ${count}`;
  if (count + zeroCount === Number.POSITIVE_INFINITY) return 'it has an infinite count';
  if (isFloat || total === count) return undefined;
  const sumIsNaN = (histogram.sumHi & 0x7ff00000) === 0x7ff00000;
  if (sumIsNaN && total <= count) return undefined;
  return `${total} observations in its buckets, but its count is ${count}`;
}

function customFault(histogram: NativeHistogram): string | undefined {
  const { customValues, positive, zeroCount, zeroThreshold, negativeSpans } = histogram;
  for (let i = 0; i < customValues.length; i += 1) {
    const bound = customValues[i]!;
    if (Number.isNaN(bound) || bound === Number.POSITIVE_INFINITY) {
      return `a custom bound is ${bound}`;
    }
    if (i > 0 && !(bound > customValues[i - 1]!)) return 'custom bounds are not in order';
  }
  if (zeroCount !== 0 || zeroThreshold !== 0) return 'custom buckets with a zero bucket';
  if (negativeSpans.length > 0 || histogram.negative.length > 0) {
    return 'custom buckets with negative ones';
  }
  let last = 0;
  for (let i = 0; i < histogram.positiveSpans.length; i += 2) {
    last += histogram.positiveSpans[i]! + histogram.positiveSpans[i + 1]!;
  }
  if (last > customValues.length + 1 || (histogram.positiveSpans[0] ?? 0) < 0) {
    return `${positive.length} custom buckets for ${customValues.length} bounds`;
  }
  return undefined;
}

/**
 * What is wrong with a histogram, by the rules of Prometheus' native histograms
 * (https://prometheus.io/docs/specs/native_histograms/): schema, spans, counts, custom bounds.
 */
export function checkHistogram(histogram: NativeHistogram): string | undefined {
  const { schema } = histogram;
  if (schema !== customSchema && !(schema >= schemaMin && schema <= schemaMax)) {
    return `schema ${schema} is not known`;
  }
  if (histogram.stale) return undefined;
  if (histogram.mixed) return 'integer and float parts are mixed';
  return (
    spanFault(histogram.positiveSpans, histogram.positive) ??
    spanFault(histogram.negativeSpans, histogram.negative) ??
    (schema === customSchema ? customFault(histogram) : undefined) ??
    countFault(histogram)
  );
}
