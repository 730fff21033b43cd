import type { ExposedExemplar, Exposition } from './exposition.ts';
import { parseFloatText, readFloat } from './float.ts';
import type { Metadata } from './known-metadata.ts';
import { LabelBlock, sortedPairs } from './label-block.ts';
import { hash, newline, space, TextReader } from './text-reader.ts';
import type { MetricType } from './types.ts';
import { unescapeValue } from './unescape.ts';

const types: readonly MetricType[] = [
  'counter',
  'gauge',
  'histogram',
  'gaugehistogram',
  'summary',
  'info',
  'stateset',
  'unknown',
];

/**
 * Reads OpenMetrics 0.0.1 and 1.0
 * (https://github.com/prometheus/OpenMetrics/blob/main/specification/OpenMetrics.md) as Prometheus
 * does: one space between tokens, timestamps in seconds, exemplars, `# EOF` at the end.
 *
 * @throws ScrapeFault at the first line that is not well-formed
 */
export function readOpenMetrics(b: Buffer, out: Exposition): void {
  new OpenMetricsReader(b, out).read();
}

const blockRules = { blanks: false, commas: 'needed', lines: false } as const;

class OpenMetricsReader extends TextReader {
  readonly #exemplarBlock = new LabelBlock(blockRules);

  constructor(b: Buffer, out: Exposition) {
    super(b, out, blockRules);
  }

  read(): void {
    const { b } = this;
    while (this.at < b.length) {
      this.start = this.at;
      if (b[this.at] !== hash) this.#sample();
      else if (this.#comment()) return;
    }
    throw this.fault('data does not end with # EOF');
  }

  /** @returns whether it was the end */
  #comment(): boolean {
    const { b } = this;
    const found = b.indexOf(newline, this.at);
    const end = found < 0 ? b.length : found;
    const word = b.toString('latin1', this.at, this.at + 7);
    if (word.startsWith('# EOF')) {
      this.at += 5;
      if (b[this.at] === newline) this.at += 1;
      if (this.at < b.length) throw this.fault('unexpected data after # EOF');
      return true;
    }
    const kind = word.slice(2, 6);
    if (!/^# (?:HELP|TYPE|UNIT) $/.test(word)) throw this.fault('expected a valid start token');
    if (found < 0) throw this.fault(`expected text in ${kind}`);
    this.family(end, () => this.#metadata(kind, end));
    this.at = end + 1;
    return false;
  }

  #metadata(kind: string, end: number): Metadata {
    const { b } = this;
    const name = this.familyName(kind, this.at + 7, end);
    if (b[this.at] !== space) throw this.fault(`expected text in ${kind}`);
    const bytes = b.subarray(this.at + 1, end);
    if (kind === 'HELP') return { kind: 'help', name, text: unescapeValue(this.help(bytes)) };
    const text = bytes.toString('utf8');
    if (kind === 'TYPE') {
      const type = types.find((known) => known === text);
      if (type === undefined) throw this.fault(`invalid metric type ${JSON.stringify(text)}`);
      return { kind: 'type', name, type };
    }
    if (text !== '' && !name.endsWith(`_${text}`)) {
      throw this.fault(`unit ${JSON.stringify(text)} not a suffix of metric ${name}`);
    }
    return { kind: 'unit', name, text };
  }

  #sample(): void {
    const { b } = this;
    const { out } = this;
    const series = this.series();
    const value = this.#number('metric');
    let timeMs = Number.NaN;
    if (this.#moreFollows() && b[this.at + 1] !== hash) timeMs = this.#seconds('timestamp');
    let exemplar: ExposedExemplar | undefined;
    if (this.#moreFollows()) exemplar = this.#exemplar();
    if (b[this.at] !== newline) {
      const ended = this.at >= b.length;
      throw this.fault(ended ? 'data does not end with # EOF' : 'expected next entry');
    }
    this.at += 1;
    if (exemplar !== undefined) out.exemplars.set(out.count, [exemplar]);
    out.push(series, value, timeMs);
  }

  #moreFollows(): boolean {
    return this.b[this.at] === space;
  }

  /** Moves behind the token that follows a space. @returns where it begins */
  #token(what: string): number {
    const { b } = this;
    const from = this.at + 1;
    if (b[this.at] !== space) throw this.fault(what);
    let to = from;
    while (to < b.length && b[to] !== space && b[to] !== newline) to += 1;
    if (to === from) throw this.fault(what);
    this.at = to;
    return from;
  }

  #number(after: string): number {
    const from = this.#token(`expected value after ${after}`);
    const value = readFloat(this.b, from, this.at);
    if (value === undefined) throw this.fault('invalid value');
    return value;
  }

  /** @returns milliseconds */
  #seconds(what: string): number {
    const from = this.#token(`expected ${what}`);
    const seconds = parseFloatText(this.b.toString('latin1', from, this.at));
    if (seconds === undefined || !Number.isFinite(seconds)) throw this.fault(`invalid ${what}`);
    return Math.trunc(seconds * 1000);
  }

  #exemplar(): ExposedExemplar {
    const { b } = this;
    if (b.toString('latin1', this.at, this.at + 4) !== ' # {') {
      throw this.fault('expected next entry after timestamp');
    }
    const block = this.#exemplarBlock;
    block.read(b, this.start, this.at + 4, true);
    this.at = block.end;
    const value = this.#number('exemplar labels');
    const timeMs = this.#moreFollows() ? this.#seconds('exemplar timestamp') : undefined;
    const pairs: [string, string][] = [];
    for (let i = 0; i < block.labels.length; i += 2) {
      pairs.push([block.labels[i]!, block.labels[i + 1]!]);
    }
    return { labels: sortedPairs(pairs), value, timeMs };
  }
}
