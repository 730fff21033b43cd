import { CheckedReader } from '../../../pdata/proto/checked-reader.ts';
import { boundOf } from './bound-text.ts';
import type { ExposedExemplar, Exposition } from './exposition.ts';
import { ScrapeFault } from './fault.ts';
import { sortedPairs } from './label-block.ts';
import type { NativePoint } from './native.ts';
import {
  type PlainExemplar,
  type PlainHistogram,
  type PlainMetric,
  readInside,
  readMetric,
  readText,
} from './protobuf-messages.ts';
import type { MetricType } from './types.ts';

export interface ProtobufOptions {
  /** Whether native histograms are taken; else their classic buckets are. */
  readonly natives: boolean;
  /** Whether classic buckets are taken beside native ones. */
  readonly classics: boolean;
}

const types: readonly MetricType[] = [
  'counter',
  'gauge',
  'summary',
  'unknown',
  'histogram',
  'gaugehistogram',
];

/**
 * Reads messages io.prometheus.client.MetricFamily, each after its length
 * (https://github.com/prometheus/client_model), as series of the text formats and, where asked,
 * native histograms.
 *
 * @throws ScrapeFault for what is no such message
 */
export function readProtobuf(b: Buffer, out: Exposition, options: ProtobufOptions): void {
  const input = new CheckedReader(
    (what, at) => new ScrapeFault(`cannot read protobuf: ${what} at byte ${at}`, at),
  );
  input.bind(b, 0, b.length);
  while (input.pos < b.length) readFamily(input, out, options);
}

function readFamily(input: CheckedReader, out: Exposition, options: ProtobufOptions): void {
  let name = '';
  let help = '';
  let unit = '';
  let type = 0;
  const metrics: PlainMetric[] = [];
  readInside(input, (inner, tag) => {
    if (tag === 10) name = readText(inner);
    else if (tag === 18) help = readText(inner);
    else if (tag === 24) type = inner.uint64();
    else if (tag === 34) metrics.push(readMetric(inner));
    else if (tag === 42) unit = readText(inner);
    else inner.skip(tag);
  });
  if (metrics.length === 0) return;
  const known = types[type];
  if (name === '') throw new ScrapeFault('invalid metric name: ""', input.pos);
  if (known === undefined) {
    throw new ScrapeFault(`unknown metric type for metric ${JSON.stringify(name)}`, input.pos);
  }
  describe(out, name, 'help', help);
  describe(out, name, 'type', known);
  if (unit !== '') describe(out, name, 'unit', unit);
  const writer = new SampleWriter(out, name, known, options, input.pos);
  for (const metric of metrics) writer.write(metric);
}

function describe(
  out: Exposition,
  name: string,
  kind: 'help' | 'type' | 'unit',
  text: string,
): void {
  const key = Buffer.from(`${kind}\0${name}\0${text}`);
  const number = out.lines.number(key, 0, key.length, () =>
    kind === 'type' ? { kind, name, type: text as MetricType } : { kind, name, text },
  );
  out.metadata.push(number);
}

/** Writes the metrics of one family as samples. */
class SampleWriter {
  readonly #out: Exposition;
  readonly #name: string;
  readonly #type: MetricType;
  readonly #options: ProtobufOptions;
  readonly #position: number;

  constructor(
    out: Exposition,
    name: string,
    type: MetricType,
    options: ProtobufOptions,
    position: number,
  ) {
    this.#out = out;
    this.#name = name;
    this.#type = type;
    this.#options = options;
    this.#position = position;
  }

  write(metric: PlainMetric): void {
    const { labels, summary, histogram } = metric;
    const timeMs = metric.timeMs === 0 ? Number.NaN : metric.timeMs;
    if (this.#type === 'summary') {
      const { count, sum, quantiles } = summary ?? { count: 0, sum: 0, quantiles: [] };
      this.#push('_count', labels, count, timeMs);
      this.#push('_sum', labels, sum, timeMs);
      for (const [quantile, value] of quantiles) {
        this.#push('', [...labels, ['quantile', boundOf(quantile)]], value, timeMs);
      }
    } else if (this.#type === 'histogram' || this.#type === 'gaugehistogram') {
      if (histogram !== undefined) this.#histogram(labels, histogram, timeMs);
    } else this.#push('', labels, metric.value, timeMs, metric.exemplar);
  }

  #histogram(labels: [string, string][], histogram: PlainHistogram, timeMs: number): void {
    const native = this.#options.natives && isNative(histogram);
    if (native) this.#native(labels, histogram, timeMs);
    if (native && !(this.#options.classics && histogram.buckets.length > 0)) return;
    const count = histogram.countFloat === 0 ? histogram.count : histogram.countFloat;
    this.#push('_count', labels, count, timeMs);
    this.#push('_sum', labels, histogram.sum, timeMs);
    for (const { bound, count: upTo, exemplar } of histogram.buckets) {
      this.#push('_bucket', [...labels, ['le', boundOf(bound)]], upTo, timeMs, exemplar);
      if (bound === Number.POSITIVE_INFINITY) return;
    }
    this.#push('_bucket', [...labels, ['le', '+Inf']], count, timeMs);
  }

  #native(labels: [string, string][], histogram: PlainHistogram, timeMs: number): void {
    const out = this.#out;
    const point = nativePoint(histogram);
    if (point === undefined) {
      const what = 'its spans need another number of buckets';
      throw new ScrapeFault(`histogram ${JSON.stringify(this.#name)}: ${what}`, this.#position);
    }
    const sample = out.count;
    out.natives.set(sample, point);
    const all = [...histogram.exemplars, ...histogram.buckets.map(({ exemplar }) => exemplar)];
    const own = histogram.exemplars.length > 0 ? histogram.exemplars : all;
    const timed = own.filter((one) => one?.timeMs !== undefined).map((one) => exposed(one!));
    if (timed.length > 0) out.exemplars.set(sample, timed);
    out.push(this.#series(this.#name, labels, '\x01'), point.count, timeMs);
  }

  #push(
    suffix: string,
    labels: readonly [string, string][],
    value: number,
    timeMs: number,
    exemplar?: PlainExemplar,
  ): void {
    const out = this.#out;
    if (exemplar !== undefined) out.exemplars.set(out.count, [exposed(exemplar)]);
    out.push(this.#series(this.#name + suffix, labels, ''), value, timeMs);
  }

  /** @param mark before the key, so that native histograms have series of their own */
  #series(name: string, labels: readonly [string, string][], mark: string): number {
    const { known } = this.#out;
    const all = sortedPairs([['__name__', name], ...labels]);
    const key = Buffer.from(mark + all.join('\xff'));
    const hash = known.hash(key, 0, key.length);
    const number = known.find(key, 0, key.length, hash);
    return number >= 0 ? number : known.add(key, 0, key.length, hash, all);
  }
}

function exposed({ labels, value, timeMs }: PlainExemplar): ExposedExemplar {
  return { labels: sortedPairs([...labels]), value, timeMs };
}

/** Whether a message has more than classic buckets: spans or a zero bucket. */
function isNative(h: PlainHistogram): boolean {
  const spans = h.positiveSpans.length > 0 || h.negativeSpans.length > 0;
  return spans || h.zeroThreshold > 0 || h.zeroCount > 0;
}

/** @returns undefined where spans and buckets do not fit */
function nativePoint(h: PlainHistogram): NativePoint | undefined {
  const float = h.countFloat > 0 || h.zeroCountFloat > 0;
  const positive = float ? h.positiveCounts : cumulated(h.positiveDeltas);
  const negative = float ? h.negativeCounts : cumulated(h.negativeDeltas);
  const fits = (spans: readonly number[], buckets: readonly number[]) =>
    spans.reduce((sum, one, i) => (i % 2 === 1 ? sum + one : sum), 0) === buckets.length;
  if (!fits(h.positiveSpans, positive) || !fits(h.negativeSpans, negative)) return undefined;
  return {
    count: float ? h.countFloat : h.count,
    sum: h.sum,
    schema: h.schema,
    zeroThreshold: h.zeroThreshold,
    zeroCount: float ? h.zeroCountFloat : h.zeroCount,
    positiveSpans: h.positiveSpans,
    positive,
    negativeSpans: h.negativeSpans,
    negative,
  };
}

function cumulated(deltas: readonly number[]): number[] {
  let sum = 0;
  return deltas.map((delta) => {
    sum += delta;
    return sum;
  });
}
