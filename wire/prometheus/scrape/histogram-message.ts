import type { CheckedReader } from '../../../pdata/proto/checked-reader.ts';
import type { NativePoint } from './native.ts';
import { type PlainExemplar, readExemplar } from './protobuf-exemplar.ts';

/** A histogram as its message has it; read into again and again. */
export class HistogramMessage {
  count = 0;
  countFloat = 0;
  sum = 0;
  schema = 0;
  zeroThreshold = 0;
  zeroCount = 0;
  zeroCountFloat = 0;
  /** Classic buckets, in columns. */
  readonly bounds: number[] = [];
  readonly counts: number[] = [];
  readonly bucketExemplars: (PlainExemplar | undefined)[] = [];
  /** Offsets and lengths, alternating. */
  readonly negativeSpans: number[] = [];
  readonly negativeDeltas: number[] = [];
  readonly negativeCounts: number[] = [];
  readonly positiveSpans: number[] = [];
  readonly positiveDeltas: number[] = [];
  readonly positiveCounts: number[] = [];
  readonly exemplars: PlainExemplar[] = [];

  #clear(): void {
    this.count = 0;
    this.countFloat = 0;
    this.sum = 0;
    this.schema = 0;
    this.zeroThreshold = 0;
    this.zeroCount = 0;
    this.zeroCountFloat = 0;
    this.bounds.length = 0;
    this.counts.length = 0;
    this.bucketExemplars.length = 0;
    this.negativeSpans.length = 0;
    this.negativeDeltas.length = 0;
    this.negativeCounts.length = 0;
    this.positiveSpans.length = 0;
    this.positiveDeltas.length = 0;
    this.positiveCounts.length = 0;
    this.exemplars.length = 0;
  }

  /** Reads the message that begins with its length here. */
  read(input: CheckedReader): void {
    this.#clear();
    const outer = input.enter();
    for (let tag = input.next(); tag !== 0; tag = input.next()) {
      if (tag === 26) this.#bucket(input);
      else if (tag === 8) this.count = input.uint64();
      else if (tag === 17) this.sum = input.double();
      else this.#other(input, tag);
    }
    input.leave(outer);
  }

  #other(input: CheckedReader, tag: number): void {
    if (tag === 33) this.countFloat = input.double();
    else if (tag === 40) this.schema = input.sint64();
    else if (tag === 49) this.zeroThreshold = input.double();
    else if (tag === 56) this.zeroCount = input.uint64();
    else if (tag === 65) this.zeroCountFloat = input.double();
    else if (tag === 74) readSpan(input, this.negativeSpans);
    else if (tag === 98) readSpan(input, this.positiveSpans);
    else if (tag === 130) this.exemplars.push(readExemplar(input));
    else if (tag >>> 3 === 10) readNumbers(input, tag, 0, this.negativeDeltas);
    else if (tag >>> 3 === 11) readNumbers(input, tag, 1, this.negativeCounts);
    else if (tag >>> 3 === 13) readNumbers(input, tag, 0, this.positiveDeltas);
    else if (tag >>> 3 === 14) readNumbers(input, tag, 1, this.positiveCounts);
    else input.skip(tag);
  }

  #bucket(input: CheckedReader): void {
    let count = 0;
    let float = 0;
    let bound = 0;
    let exemplar: PlainExemplar | undefined;
    const outer = input.enter();
    for (let tag = input.next(); tag !== 0; tag = input.next()) {
      if (tag === 8) count = input.uint64();
      else if (tag === 17) bound = input.double();
      else if (tag === 26) exemplar = readExemplar(input);
      else if (tag === 33) float = input.double();
      else input.skip(tag);
    }
    input.leave(outer);
    this.bounds.push(bound);
    this.counts.push(float === 0 ? count : float);
    this.bucketExemplars.push(exemplar);
  }

  /** Whether there is more than classic buckets: spans or a zero bucket. */
  get isNative(): boolean {
    const spans = this.positiveSpans.length > 0 || this.negativeSpans.length > 0;
    return spans || this.zeroThreshold > 0 || this.zeroCount > 0;
  }

  /** @returns undefined where spans and buckets do not fit */
  native(): NativePoint | undefined {
    const float = this.countFloat > 0 || this.zeroCountFloat > 0;
    const positive = float ? [...this.positiveCounts] : cumulated(this.positiveDeltas);
    const negative = float ? [...this.negativeCounts] : cumulated(this.negativeDeltas);
    if (!fits(this.positiveSpans, positive) || !fits(this.negativeSpans, negative)) {
      return undefined;
    }
    return {
      count: float ? this.countFloat : this.count,
      sum: this.sum,
      schema: this.schema,
      zeroThreshold: this.zeroThreshold,
      zeroCount: float ? this.zeroCountFloat : this.zeroCount,
      positiveSpans: [...this.positiveSpans],
      positive,
      negativeSpans: [...this.negativeSpans],
      negative,
    };
  }
}

function fits(spans: readonly number[], buckets: readonly number[]): boolean {
  let sum = 0;
  for (let i = 1; i < spans.length; i += 2) sum += spans[i]!;
  return sum === buckets.length;
}

function cumulated(deltas: readonly number[]): number[] {
  let sum = 0;
  return deltas.map((delta) => {
    sum += delta;
    return sum;
  });
}

function readSpan(input: CheckedReader, spans: number[]): void {
  let offset = 0;
  let length = 0;
  const outer = input.enter();
  for (let tag = input.next(); tag !== 0; tag = input.next()) {
    if (tag === 8) offset = input.sint64();
    else if (tag === 16) length = input.uint64();
    else input.skip(tag);
  }
  input.leave(outer);
  spans.push(offset, length);
}

/** Numbers one by one or packed. @param packed wire type of one of them */
function readNumbers(input: CheckedReader, tag: number, packed: 0 | 1, out: number[]): void {
  const one = () => (packed === 0 ? input.sint64() : input.double());
  if ((tag & 7) === packed) {
    out.push(one());
    return;
  }
  if ((tag & 7) !== 2) throw input.fault(`a bucket of wire type ${tag & 7}`);
  const outer = input.enter();
  while (input.pos < input.end) out.push(one());
  input.leave(outer);
}
