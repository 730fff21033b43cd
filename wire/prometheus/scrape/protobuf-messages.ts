import type { CheckedReader } from '../../../pdata/proto/checked-reader.ts';
import { utf8 } from '../../../pdata/readers/value-view.ts';

/** Reads the field whose tag was read, or goes past it. */
type Field = (input: CheckedReader, tag: number) => void;

/** Reads the message that begins with its length here. */
export function readInside(input: CheckedReader, field: Field): void {
  const outer = input.enter();
  for (let tag = input.next(); tag !== 0; tag = input.next()) field(input, tag);
  input.leave(outer);
}

/** Text that begins with its length here; what is not UTF-8 gets U+FFFD. */
export function readText(input: CheckedReader): string {
  input.range();
  return utf8(input.bytes, input.from, input.to);
}

export interface PlainExemplar {
  readonly labels: [string, string][];
  value: number;
  timeMs: number | undefined;
}

export interface PlainHistogram {
  count: number;
  countFloat: number;
  sum: number;
  schema: number;
  zeroThreshold: number;
  zeroCount: number;
  zeroCountFloat: number;
  readonly buckets: { bound: number; count: number; exemplar: PlainExemplar | undefined }[];
  readonly negativeSpans: number[];
  readonly negativeDeltas: number[];
  readonly negativeCounts: number[];
  readonly positiveSpans: number[];
  readonly positiveDeltas: number[];
  readonly positiveCounts: number[];
  readonly exemplars: PlainExemplar[];
}

/** A metric as its message has it. */
export interface PlainMetric {
  readonly labels: [string, string][];
  /** Of a counter, gauge or untyped metric. */
  value: number;
  exemplar: PlainExemplar | undefined;
  summary: { count: number; sum: number; readonly quantiles: [number, number][] } | undefined;
  histogram: PlainHistogram | undefined;
  /** Milliseconds since 1970; 0 = not said. */
  timeMs: number;
}

export function readLabel(input: CheckedReader): [string, string] {
  const label: [string, string] = ['', ''];
  readInside(input, (inner, tag) => {
    if (tag === 10) label[0] = readText(inner);
    else if (tag === 18) label[1] = readText(inner);
    else inner.skip(tag);
  });
  return label;
}

function readExemplar(input: CheckedReader): PlainExemplar {
  const exemplar: PlainExemplar = { labels: [], value: 0, timeMs: undefined };
  readInside(input, (inner, tag) => {
    if (tag === 10) exemplar.labels.push(readLabel(inner));
    else if (tag === 17) exemplar.value = inner.double();
    else if (tag === 26) exemplar.timeMs = readTime(inner);
    else inner.skip(tag);
  });
  return exemplar;
}

/** @returns milliseconds */
function readTime(input: CheckedReader): number {
  let seconds = 0;
  let nanos = 0;
  readInside(input, (inner, tag) => {
    if (tag === 8) seconds = inner.int64();
    else if (tag === 16) nanos = inner.int64();
    else inner.skip(tag);
  });
  return seconds * 1000 + Math.trunc(nanos / 1e6);
}

function readBucket(input: CheckedReader): PlainHistogram['buckets'][number] {
  let count = 0;
  let float = 0;
  let bound = 0;
  let exemplar: PlainExemplar | undefined;
  readInside(input, (inner, tag) => {
    if (tag === 8) count = inner.uint64();
    else if (tag === 17) bound = inner.double();
    else if (tag === 26) exemplar = readExemplar(inner);
    else if (tag === 33) float = inner.double();
    else inner.skip(tag);
  });
  return { bound, count: float === 0 ? count : float, exemplar };
}

function readSpan(input: CheckedReader, spans: number[]): void {
  let offset = 0;
  let length = 0;
  readInside(input, (inner, tag) => {
    if (tag === 8) offset = inner.sint64();
    else if (tag === 16) length = inner.uint64();
    else inner.skip(tag);
  });
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

function emptyHistogram(): PlainHistogram {
  return {
    count: 0,
    countFloat: 0,
    sum: 0,
    schema: 0,
    zeroThreshold: 0,
    zeroCount: 0,
    zeroCountFloat: 0,
    buckets: [],
    negativeSpans: [],
    negativeDeltas: [],
    negativeCounts: [],
    positiveSpans: [],
    positiveDeltas: [],
    positiveCounts: [],
    exemplars: [],
  };
}

function histogramField(h: PlainHistogram, input: CheckedReader, tag: number): void {
  if (tag === 8) h.count = input.uint64();
  else if (tag === 17) h.sum = input.double();
  else if (tag === 26) h.buckets.push(readBucket(input));
  else if (tag === 33) h.countFloat = input.double();
  else if (tag === 40) h.schema = input.sint64();
  else if (tag === 49) h.zeroThreshold = input.double();
  else if (tag === 56) h.zeroCount = input.uint64();
  else if (tag === 65) h.zeroCountFloat = input.double();
  else if (tag === 74) readSpan(input, h.negativeSpans);
  else if (tag === 98) readSpan(input, h.positiveSpans);
  else if (tag === 130) h.exemplars.push(readExemplar(input));
  else if (tag >>> 3 === 10) readNumbers(input, tag, 0, h.negativeDeltas);
  else if (tag >>> 3 === 11) readNumbers(input, tag, 1, h.negativeCounts);
  else if (tag >>> 3 === 13) readNumbers(input, tag, 0, h.positiveDeltas);
  else if (tag >>> 3 === 14) readNumbers(input, tag, 1, h.positiveCounts);
  else input.skip(tag);
}

function readSummary(input: CheckedReader): NonNullable<PlainMetric['summary']> {
  const summary: NonNullable<PlainMetric['summary']> = { count: 0, sum: 0, quantiles: [] };
  readInside(input, (inner, tag) => {
    if (tag === 8) summary.count = inner.uint64();
    else if (tag === 17) summary.sum = inner.double();
    else if (tag === 26) {
      const pair: [number, number] = [0, 0];
      readInside(inner, (quantile, field) => {
        if (field === 9) pair[0] = quantile.double();
        else if (field === 17) pair[1] = quantile.double();
        else quantile.skip(field);
      });
      summary.quantiles.push(pair);
    } else inner.skip(tag);
  });
  return summary;
}

/** Reads a Metric that begins with its length here. */
export function readMetric(input: CheckedReader): PlainMetric {
  const metric: PlainMetric = {
    labels: [],
    value: 0,
    exemplar: undefined,
    summary: undefined,
    histogram: undefined,
    timeMs: 0,
  };
  readInside(input, (inner, tag) => {
    if (tag === 10) metric.labels.push(readLabel(inner));
    else if (tag === 18 || tag === 26 || tag === 42) {
      readInside(inner, (one, field) => {
        if (field === 9) metric.value = one.double();
        else if (field === 18 && tag === 26) metric.exemplar = readExemplar(one);
        else one.skip(field);
      });
    } else if (tag === 34) metric.summary = readSummary(inner);
    else if (tag === 48) metric.timeMs = inner.int64();
    else if (tag === 58) {
      const histogram = emptyHistogram();
      readInside(inner, (one, field) => histogramField(histogram, one, field));
      metric.histogram = histogram;
    } else inner.skip(tag);
  });
  return metric;
}
