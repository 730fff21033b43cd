import { type Distribution, writeHistogram, writeSummary } from './histogram-point.ts';

import { Kind, type LineReader, numberAt } from './line-reader.ts';
import { type MetricChunk, Shape } from './metric-chunk.ts';
import type { Field, Names } from './names.ts';
import type { Group, HistogramPart, Series } from './series-table.ts';

/** Histograms and summaries that are put together at a time. */
const maxOpen = 16_384;

interface Open extends Distribution {
  readonly name: string;
  readonly group: Group;
  readonly delta: boolean;
}

/**
 * Histograms and summaries whose buckets and quantiles have a line each, as the second schema of
 * Telegraf's Prometheus input writes them: `prometheus,le=0.5 x_bucket=3`,
 * `prometheus x_count=4,x_sum=2`, `prometheus,quantile=0.9 x=1`. Lines of one name, one set of other
 * tags and one time are one point, in whatever order they come.
 */
export class OpenHistograms {
  readonly #names: Names;
  readonly #chunk: MetricChunk;
  readonly #open = new Map<string, Open>();

  constructor(names: Names, chunk: MetricChunk) {
    this.#names = names;
    this.#chunk = chunk;
  }

  get size(): number {
    return this.#open.size;
  }

  get full(): boolean {
    return this.#open.size >= maxOpen;
  }

  clear(): void {
    this.#open.clear();
  }

  /** @returns false when the line is no part of a histogram or summary */
  take(reader: LineReader, series: Series, fields: readonly Field[]): boolean {
    const part = series.part!;
    const { fieldCount } = reader;
    for (let i = 0; i < fieldCount; i += 1) if (reader.kind[i]! > Kind.uint) return false;
    const [first, second] = [fields[0]!, fields[1]];
    const bucket = !Number.isNaN(part.le);
    const quantile = !Number.isNaN(part.quantile);
    if (bucket && quantile) return false;
    if (bucket) {
      const count = numberAt(reader, 0);
      const fits = fieldCount === 1 && Number.isInteger(count) && count >= 0;
      const name = without(first.text, '_bucket');
      if (!fits || name === undefined) return false;
      this.#find(reader, series, part, name).buckets.push([part.le, count]);
      return true;
    }
    if (quantile) {
      if (fieldCount !== 1 || part.quantile < 0 || part.quantile > 1) return false;
      const one = this.#find(reader, series, part, first.text);
      one.quantiles.push([part.quantile, numberAt(reader, 0)]);
      return true;
    }
    if (fieldCount !== 2 || second === undefined) return false;
    const at = first.text.endsWith('_count') ? 0 : 1;
    const name = without(fields[at]!.text, '_count');
    const count = numberAt(reader, at);
    if (name === undefined || fields[1 - at]!.text !== `${name}_sum`) return false;
    if (!Number.isInteger(count) || count < 0) return false;
    const one = this.#find(reader, series, part, name);
    one.count = count;
    one.sum = numberAt(reader, 1 - at);
    return true;
  }

  #find(reader: LineReader, series: Series, part: HistogramPart, name: string): Open {
    const { lo, hi } = reader.time;
    const key = `${series.group.id} ${series.delta} ${lo} ${hi} ${name.length} ${name}${part.key}`;
    const known = this.#open.get(key);
    if (known !== undefined) return known;
    const made: Open = {
      name,
      group: series.group,
      delta: series.delta,
      attributes: part.attributes,
      time: { lo, hi },
      start: undefined,
      count: undefined,
      sum: undefined,
      buckets: [],
      quantiles: [],
    };
    this.#open.set(key, made);
    return made;
  }

  /** Gives all to the chunk: with quantiles a summary, else a histogram. */
  close(): void {
    for (const one of this.#open.values()) {
      const { quantiles, buckets, group, delta } = one;
      const name = this.#names.metric(one.name);
      if (quantiles.length > 0) {
        const metric = this.#chunk.metric(name, group, Shape.summary);
        this.#chunk.addEncoded(metric, (w) => writeSummary(w, one));
      }
      if (buckets.length > 0 || quantiles.length === 0) {
        const shape = delta ? Shape.deltaHistogram : Shape.cumulativeHistogram;
        const metric = this.#chunk.metric(name, group, shape);
        this.#chunk.addEncoded(metric, (w) => writeHistogram(w, one));
      }
    }
    this.#open.clear();
  }
}

function without(text: string, suffix: string): string | undefined {
  return text.endsWith(suffix) && text.length > suffix.length
    ? text.slice(0, -suffix.length)
    : undefined;
}
