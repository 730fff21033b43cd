import { CheckedReader } from '../../../pdata/proto/checked-reader.ts';
import { utf8 } from '../../../pdata/readers/value-view.ts';
import { boundOf } from './bound-text.ts';
import type { Exposition } from './exposition.ts';
import { ScrapeFault } from './fault.ts';
import type { Metadata } from './known-metadata.ts';
import type { Parts } from './known-metrics.ts';
import { sortedPairs } from './label-block.ts';
import { MetricMessage } from './metric-message.ts';
import { exposed, type PlainExemplar } from './protobuf-exemplar.ts';
import { readLabel } from './protobuf-fields.ts';
import type { MetricType } from './types.ts';

/** What is taken where a histogram has both forms. */
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

/** Before the keys of series, which no line of text begins with; native histograms have their own. */
const mark = '\n';
const nativeMark = '\n\x01';

/**
 * Reads messages io.prometheus.client.MetricFamily, each after its length
 * (https://github.com/prometheus/client_model), as series of the text formats and, where asked,
 * native histograms.
 *
 * @throws ScrapeFault for what is no such message; what came before it counts
 */
export function readProtobuf(b: Buffer, out: Exposition, options: ProtobufOptions): void {
  new ProtobufReader(b, out, options).read();
}

/** Where the texts of a family lie. */
interface Texts {
  nameFrom: number;
  nameTo: number;
  helpFrom: number;
  helpTo: number;
  unitFrom: number;
  unitTo: number;
}

class ProtobufReader {
  readonly #b: Buffer;
  readonly #out: Exposition;
  readonly #options: ProtobufOptions;
  readonly #input: CheckedReader;
  /** Reads labels, while `#input` stands elsewhere. */
  readonly #labels: CheckedReader;
  readonly #metric = new MetricMessage();
  /** Of the family that is read. */
  #name = '';
  #type: MetricType = 'unknown';
  #family = 0;

  constructor(b: Buffer, out: Exposition, options: ProtobufOptions) {
    const faultOf = (what: string, at: number) =>
      new ScrapeFault(`cannot read protobuf: ${what} at byte ${at}`, at);
    this.#b = b;
    this.#out = out;
    this.#options = options;
    this.#input = new CheckedReader(faultOf);
    this.#labels = new CheckedReader(faultOf);
  }

  read(): void {
    const input = this.#input;
    input.bind(this.#b, 0, this.#b.length);
    while (input.pos < this.#b.length) this.#readFamily();
  }

  /** Reads a family: what it is first, wherever that stands, then its metrics. */
  #readFamily(): void {
    const input = this.#input;
    const outer = input.enter();
    const begin = input.pos;
    const texts = { nameFrom: 0, nameTo: 0, helpFrom: 0, helpTo: 0, unitFrom: 0, unitTo: 0 };
    let type = 0;
    let metrics = 0;
    for (let tag = input.next(); tag !== 0; tag = input.next()) {
      if (tag === 24) type = input.uint64();
      else if ((tag & 7) !== 2) input.skip(tag);
      else {
        input.range();
        const { from, to } = input;
        if (tag === 34) metrics += 1;
        else if (tag === 10) [texts.nameFrom, texts.nameTo] = [from, to];
        else if (tag === 18) [texts.helpFrom, texts.helpTo] = [from, to];
        else if (tag === 42) [texts.unitFrom, texts.unitTo] = [from, to];
      }
    }
    if (metrics > 0) {
      this.#begin(type, texts);
      input.pos = begin;
      for (let tag = input.next(); tag !== 0; tag = input.next()) {
        if (tag === 34) this.#readMetric();
        else input.skip(tag);
      }
    }
    input.leave(outer);
  }

  #begin(type: number, texts: Texts): void {
    const b = this.#b;
    const { nameFrom, nameTo } = texts;
    const known = types[type];
    if (nameFrom === nameTo) throw new ScrapeFault('invalid metric name: ""', this.#input.pos);
    this.#name = utf8(b, nameFrom, nameTo);
    if (known === undefined) {
      const what = `unknown metric type for metric ${JSON.stringify(this.#name)}`;
      throw new ScrapeFault(what, this.#input.pos);
    }
    this.#type = known;
    this.#family = this.#out.metrics.family(type, b, nameFrom, nameTo);
    this.#describe('help', utf8(b, texts.helpFrom, texts.helpTo));
    this.#describe('type', known);
    if (texts.unitTo > texts.unitFrom) {
      this.#describe('unit', utf8(b, texts.unitFrom, texts.unitTo));
    }
  }

  #describe(kind: Metadata['kind'], text: string): void {
    const name = this.#name;
    const { lines, metadata } = this.#out;
    const key = Buffer.from(`${kind}\0${name}\0${text}`);
    const number = lines.number(key, 0, key.length, () =>
      kind === 'type' ? { kind, name, type: text as MetricType } : { kind, name, text },
    );
    metadata.push(number);
  }

  #readMetric(): void {
    const metric = this.#metric;
    metric.read(this.#input);
    const number = this.#known();
    const timeMs = metric.timeMs === 0 ? Number.NaN : metric.timeMs;
    const type = this.#type;
    if (type === 'summary') this.#summary(number, timeMs);
    else if (type === 'histogram' || type === 'gaugehistogram') {
      if (metric.hasHistogram) this.#histogram(number, timeMs);
    } else {
      const { metrics } = this.#out;
      let series = metrics.series(number);
      if (series < 0) {
        series = this.#series(mark, '');
        metrics.setSeries(number, series);
      }
      this.#push(series, metric.value, timeMs, metric.exemplar);
    }
  }

  /** Number of the metric, whose labels are judged when they come first. */
  #known(): number {
    const { metrics } = this.#out;
    const { labels, labelsFrom, labelsTo } = this.#metric;
    const known = metrics.find(this.#family, labels, labelsFrom, labelsTo);
    if (known >= 0) return known;
    this.#pairs();
    return metrics.add(this.#family, labels, labelsFrom, labelsTo);
  }

  #pairs(): [string, string][] {
    const { labels, labelsFrom, labelsTo } = this.#metric;
    const input = this.#labels;
    const pairs: [string, string][] = [];
    input.bind(labels, labelsFrom, labelsTo);
    while (input.next() !== 0) pairs.push(readLabel(input));
    return pairs;
  }

  /**
   * Number of the series of a part of the metric.
   * @param bound the name and value of the label that tells it from others
   */
  #series(before: string, suffix: string, bound?: readonly [string, number]): number {
    const { known } = this.#out;
    const pairs = this.#pairs();
    pairs.unshift(['__name__', this.#name + suffix]);
    if (bound !== undefined) pairs.push([bound[0], boundOf(bound[1])]);
    const all = sortedPairs(pairs);
    const key = Buffer.from(before + JSON.stringify(all));
    const hash = known.hash(key, 0, key.length);
    const number = known.find(key, 0, key.length, hash);
    return number >= 0 ? number : known.add(key, 0, key.length, hash, all);
  }

  #push(series: number, value: number, timeMs: number, exemplar?: PlainExemplar): void {
    const out = this.#out;
    if (exemplar !== undefined) out.exemplars.set(out.count, [exposed(exemplar)]);
    out.push(series, value, timeMs);
  }

  #pushCountAndSum(parts: Parts, count: number, sum: number, timeMs: number): void {
    if (parts.count < 0) parts.count = this.#series(mark, '_count');
    this.#push(parts.count, count, timeMs);
    if (parts.sum < 0) parts.sum = this.#series(mark, '_sum');
    this.#push(parts.sum, sum, timeMs);
  }

  #summary(number: number, timeMs: number): void {
    const parts = this.#out.metrics.parts(number);
    const { summaryCount, summarySum, quantiles } = this.#metric;
    this.#pushCountAndSum(parts, summaryCount, summarySum, timeMs);
    for (let i = 0; i < quantiles.length; i += 2) {
      const series = this.#bounded(parts, i >> 1, '', 'quantile', quantiles[i]!);
      this.#push(series, quantiles[i + 1]!, timeMs);
    }
  }

  /** Number of the series of bound `i`, the same as the last time more often than not. */
  #bounded(parts: Parts, i: number, suffix: string, label: string, bound: number): number {
    if (parts.bounds[i] === bound) return parts.series[i]!;
    const series = this.#series(mark, suffix, [label, bound]);
    parts.bounds[i] = bound;
    parts.series[i] = series;
    return series;
  }

  #histogram(number: number, timeMs: number): void {
    const { histogram } = this.#metric;
    const parts = this.#out.metrics.parts(number);
    const { bounds, counts, bucketExemplars } = histogram;
    const native = this.#options.natives && histogram.isNative;
    if (native) this.#native(parts, timeMs);
    if (native && !(this.#options.classics && bounds.length > 0)) return;
    const count = histogram.countFloat === 0 ? histogram.count : histogram.countFloat;
    this.#pushCountAndSum(parts, count, histogram.sum, timeMs);
    for (let i = 0; i < bounds.length; i += 1) {
      const bound = bounds[i]!;
      const series = this.#bounded(parts, i, '_bucket', 'le', bound);
      this.#push(series, counts[i]!, timeMs, bucketExemplars[i]);
      if (bound === Number.POSITIVE_INFINITY) return;
    }
    if (parts.rest < 0) {
      parts.rest = this.#series(mark, '_bucket', ['le', Number.POSITIVE_INFINITY]);
    }
    this.#push(parts.rest, count, timeMs);
  }

  #native(parts: Parts, timeMs: number): void {
    const out = this.#out;
    const { histogram } = this.#metric;
    const point = histogram.native();
    if (point === undefined) {
      const what = 'its spans need another number of buckets';
      throw new ScrapeFault(`histogram ${JSON.stringify(this.#name)}: ${what}`, this.#input.pos);
    }
    const sample = out.count;
    out.natives.set(sample, point);
    const { exemplars, bucketExemplars } = histogram;
    const own = exemplars.length > 0 ? exemplars : bucketExemplars;
    const timed = own.filter((one) => one?.timeMs !== undefined).map((one) => exposed(one!));
    if (timed.length > 0) out.exemplars.set(sample, timed);
    if (parts.native < 0) parts.native = this.#series(nativeMark, '');
    out.push(parts.native, point.count, timeMs);
  }
}
