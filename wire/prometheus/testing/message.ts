import { Writer } from '../../../pdata/proto/writer.ts';

/** A value by number, or its bits for what a number cannot carry. */
export type TestValue = number | bigint;

/** The stale marker's bits. */
export const staleBits = 0x7ff0000000000002n;

export interface TestSample {
  readonly value: TestValue;
  readonly time: number;
  readonly start?: number;
}

export interface TestExemplar {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
  readonly time: number;
}

export interface TestHistogram {
  readonly count: number;
  readonly float?: boolean;
  readonly sum: TestValue;
  readonly schema: number;
  readonly zeroThreshold?: number;
  readonly zeroCount?: number;
  readonly negativeSpans?: readonly (readonly [number, number])[];
  /** Deltas of integer histograms, counts of float ones. */
  readonly negative?: readonly number[];
  readonly positiveSpans?: readonly (readonly [number, number])[];
  readonly positive?: readonly number[];
  readonly resetHint?: number;
  readonly time: number;
  readonly custom?: readonly number[];
  readonly start?: number;
}

export interface TestSeries {
  readonly labels: readonly (readonly [string, string])[] | Readonly<Record<string, string>>;
  readonly samples?: readonly TestSample[];
  readonly exemplars?: readonly TestExemplar[];
  readonly histograms?: readonly TestHistogram[];
  /** Version 2 only. */
  readonly type?: number;
  readonly help?: string;
  readonly unit?: string;
  readonly created?: number;
}

export interface TestFamily {
  readonly name: string;
  readonly type: number;
  readonly help?: string;
  readonly unit?: string;
}

function pairs(labels: TestSeries['labels']): readonly (readonly [string, string])[] {
  return Array.isArray(labels) ? labels : Object.entries(labels);
}

function putValue(w: Writer, field: number, value: TestValue): void {
  if (typeof value === 'bigint') w.bigFixed64Field(field, value);
  else w.doubleField(field, value);
}

function putZigzag(w: Writer, value: number): void {
  const bits = BigInt.asUintN(64, (BigInt(value) << 1n) ^ (BigInt(value) >> 63n));
  w.varintHalves(Number(bits & 0xffffffffn), Number(bits >> 32n));
}

function putSpans(w: Writer, field: number, spans: readonly (readonly [number, number])[]): void {
  for (const [offset, length] of spans) {
    const at = w.open(field);
    w.tag(1, 0);
    putZigzag(w, offset);
    w.uintField(2, length);
    w.close(at);
  }
}

function putBuckets(w: Writer, field: number, values: readonly number[], float: boolean): void {
  if (values.length === 0) return;
  const at = w.open(float ? field + 1 : field);
  for (const value of values) {
    if (float) w.double(value);
    else putZigzag(w, value);
  }
  w.close(at);
}

function putHistogram(w: Writer, field: number, histogram: TestHistogram): void {
  const float = histogram.float ?? false;
  const at = w.open(field);
  if (float) w.doubleField(2, histogram.count);
  else w.intField(1, histogram.count);
  putValue(w, 3, histogram.sum);
  w.tag(4, 0);
  putZigzag(w, histogram.schema);
  if (histogram.zeroThreshold !== undefined) w.doubleField(5, histogram.zeroThreshold);
  if (float) w.doubleField(7, histogram.zeroCount ?? 0);
  else w.intField(6, histogram.zeroCount ?? 0);
  putSpans(w, 8, histogram.negativeSpans ?? []);
  putBuckets(w, 9, histogram.negative ?? [], float);
  putSpans(w, 11, histogram.positiveSpans ?? []);
  putBuckets(w, 12, histogram.positive ?? [], float);
  if (histogram.resetHint !== undefined) w.uintField(14, histogram.resetHint);
  w.intField(15, histogram.time);
  if (histogram.custom !== undefined) {
    const list = w.open(16);
    for (const bound of histogram.custom) w.double(bound);
    w.close(list);
  }
  if (histogram.start !== undefined) w.intField(17, histogram.start);
  w.close(at);
}

function putSample(w: Writer, { value, time, start }: TestSample): void {
  const at = w.open(2);
  putValue(w, 1, value);
  w.intField(2, time);
  if (start !== undefined) w.intField(3, start);
  w.close(at);
}

function putLabels(w: Writer, labels: TestSeries['labels']): void {
  for (const [name, value] of pairs(labels)) {
    const at = w.open(1);
    w.stringField(1, name);
    w.stringField(2, value);
    w.close(at);
  }
}

/** A prometheus.WriteRequest, written independently of the code under test. */
export function message1(
  series: readonly TestSeries[],
  families: readonly TestFamily[] = [],
): Buffer {
  const w = new Writer();
  for (const one of series) {
    const at = w.open(1);
    putLabels(w, one.labels);
    for (const sample of one.samples ?? []) putSample(w, sample);
    for (const exemplar of one.exemplars ?? []) {
      const inner = w.open(3);
      putLabels(w, exemplar.labels);
      w.doubleField(2, exemplar.value);
      w.intField(3, exemplar.time);
      w.close(inner);
    }
    for (const histogram of one.histograms ?? []) putHistogram(w, 4, histogram);
    w.close(at);
  }
  for (const { name, type, help = '', unit = '' } of families) {
    const at = w.open(3);
    w.uintField(1, type);
    w.stringField(2, name);
    w.stringField(4, help);
    w.stringField(5, unit);
    w.close(at);
  }
  return Buffer.from(w.take());
}

/** An io.prometheus.write.v2.Request, written independently of the code under test. */
export function message2(series: readonly TestSeries[]): Buffer {
  const symbols = new Map([['', 0]]);
  const reference = (text: string): number => {
    if (!symbols.has(text)) symbols.set(text, symbols.size);
    return symbols.get(text)!;
  };
  const w = new Writer();
  const putReferences = (labels: TestSeries['labels']): void => {
    const at = w.open(1);
    for (const text of pairs(labels).flat()) w.varint(reference(text));
    w.close(at);
  };
  for (const one of series) {
    const at = w.open(5);
    putReferences(one.labels);
    for (const sample of one.samples ?? []) putSample(w, sample);
    for (const histogram of one.histograms ?? []) putHistogram(w, 3, histogram);
    for (const exemplar of one.exemplars ?? []) {
      const inner = w.open(4);
      putReferences(exemplar.labels);
      w.doubleField(2, exemplar.value);
      w.intField(3, exemplar.time);
      w.close(inner);
    }
    const metadata = w.open(5);
    w.uintField(1, one.type ?? 0);
    w.uintField(3, reference(one.help ?? ''));
    w.uintField(4, reference(one.unit ?? ''));
    w.close(metadata);
    if (one.created !== undefined) w.intField(6, one.created);
    w.close(at);
  }
  const rest = Buffer.from(w.take());
  for (const text of symbols.keys()) w.stringField(4, text);
  return Buffer.concat([w.take(), rest]);
}
