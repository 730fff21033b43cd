import { isUtf8 } from 'node:buffer';
import type { Exposition } from './exposition.ts';
import { faultAt, type ScrapeFault } from './fault.ts';
import { readFloat } from './float.ts';
import type { Metadata } from './known-metadata.ts';
import { exposedLabels, LabelBlock, metricNameEnd, quotedEnd } from './label-block.ts';
import { SeriesScan } from './series-scan.ts';
import type { MetricType } from './types.ts';
import { unescapeHelp } from './unescape.ts';

const newline = 0x0a;
const hash = 0x23;
const brace = 0x7b;

const isBlank = (c: number | undefined): boolean => c === 0x20 || c === 0x09;

const types: Readonly<Record<string, MetricType>> = {
  counter: 'counter',
  gauge: 'gauge',
  histogram: 'histogram',
  summary: 'summary',
  untyped: 'unknown',
};

/**
 * Reads the classic text format, version 0.0.4 and 1.0.0
 * (https://prometheus.io/docs/instrumenting/exposition_formats/), as Prometheus does: names in
 * quotes inside of braces, timestamps in milliseconds.
 *
 * @throws ScrapeFault at the first line that is not well-formed
 */
export function readClassic(b: Buffer, out: Exposition): void {
  new ClassicReader(b, out).read();
}

class ClassicReader {
  readonly #b: Buffer;
  readonly #out: Exposition;
  readonly #scan = new SeriesScan();
  readonly #block = new LabelBlock({ blanks: true, commas: 'free', lines: true });
  #at = 0;
  #start = 0;

  constructor(b: Buffer, out: Exposition) {
    this.#b = b;
    this.#out = out;
  }

  read(): void {
    const b = this.#b;
    while (this.#at < b.length) {
      this.#start = this.#at;
      while (isBlank(b[this.#at])) this.#at += 1;
      const c = b[this.#at];
      if (c === newline) this.#at += 1;
      else if (c === hash) this.#comment();
      else if (this.#at < b.length) this.#sample();
    }
  }

  #fault(what: string): ScrapeFault {
    return faultAt(what, this.#b, this.#start, this.#at);
  }

  #blanks(): void {
    while (isBlank(this.#b[this.#at])) this.#at += 1;
  }

  #lineEnd(): number {
    const end = this.#b.indexOf(newline, this.#at);
    return end < 0 ? this.#b.length : end;
  }

  #comment(): void {
    const b = this.#b;
    const end = this.#lineEnd();
    let at = this.#at + 1;
    while (isBlank(b[at])) at += 1;
    const word = isBlank(b[this.#at + 1]) ? b.toString('latin1', at, at + 4) : '';
    if ((word === 'HELP' || word === 'TYPE') && isBlank(b[at + 4])) {
      const { lines, metadata } = this.#out;
      const number = lines.number(b, this.#at, end, () => {
        this.#at = at + 5;
        return this.#metadata(word, end);
      });
      metadata.push(number);
      const line = lines.line(number);
      if (line.kind === 'type') this.#out.type = line.type;
    }
    this.#at = end + 1;
  }

  #metadata(word: 'HELP' | 'TYPE', end: number): Metadata {
    const b = this.#b;
    this.#blanks();
    const from = this.#at;
    const inQuotes = b[from] === 0x22;
    const to = inQuotes ? quotedEnd(b, from, true) : metricNameEnd(b, from);
    if (to <= from || to > end) throw this.#fault(`expected metric name after ${word}`);
    const name = inQuotes ? b.toString('utf8', from + 1, to - 1) : b.toString('latin1', from, to);
    this.#at = to;
    const bytes = b.subarray(Math.min(to + 1, end), end);
    if (word === 'TYPE') {
      const text = bytes.toString('utf8');
      const type = Object.hasOwn(types, text) ? types[text] : undefined;
      if (type === undefined) throw this.#fault(`invalid metric type ${JSON.stringify(text)}`);
      return { kind: 'type', name, type };
    }
    if (!isUtf8(bytes)) throw this.#fault('help text is not a valid utf8 string');
    const text = bytes.toString('utf8');
    return { kind: 'help', name, text: unescapeHelp(text.trim() === '' ? '' : text) };
  }

  #sample(): void {
    const b = this.#b;
    const { known } = this.#out;
    const scan = this.#scan;
    scan.scan(b, this.#start, known.seed);
    let series = known.find(b, this.#start, scan.end, scan.hash);
    if (series < 0) series = this.#newSeries();
    else this.#at = scan.end;
    this.#blanks();
    const from = this.#at;
    const value = this.#number(from);
    const timeMs = this.#time();
    this.#out.push(series, value, timeMs);
  }

  #newSeries(): number {
    const b = this.#b;
    const { known, type } = this.#out;
    const block = this.#block;
    let name: string | undefined;
    if (b[this.#at] !== brace) {
      const end = metricNameEnd(b, this.#at);
      if (end === this.#at) throw this.#fault('expected a valid start token');
      // blanks before a name are part of it, as Prometheus reads it
      name = b.toString('latin1', this.#start, end);
      this.#at = end;
    }
    let end = this.#at;
    let labels: readonly string[] = [];
    this.#blanks();
    if (b[this.#at] === brace) {
      block.read(b, this.#start, this.#at + 1);
      if (name !== undefined && block.name !== undefined) {
        throw this.#fault('metric name already set');
      }
      name ??= block.name;
      labels = block.labels;
      end = block.end;
    }
    this.#at = end;
    if (name === undefined) throw this.#fault('metric name not set');
    const hashOf = known.hash(b, this.#start, end);
    const same = known.find(b, this.#start, end, hashOf);
    if (same >= 0) return same;
    return known.add(b, this.#start, end, hashOf, exposedLabels(name, labels, type));
  }

  #number(from: number): number {
    const b = this.#b;
    let to = from;
    for (; to < b.length; to += 1) {
      const c = b[to]!;
      if (c === 0x20 || c === newline || c === 0x09 || c === brace) break;
    }
    this.#at = to;
    if (to === from) throw this.#fault('expected value after metric');
    const value = readFloat(b, from, to);
    if (value === undefined) {
      throw this.#fault(`invalid value ${JSON.stringify(b.toString('utf8', from, to))}`);
    }
    return value;
  }

  /** @returns NaN where none stands */
  #time(): number {
    const b = this.#b;
    this.#blanks();
    const from = this.#at;
    let time = 0;
    let at = from;
    for (let c = b[at]; c !== undefined && c >= 0x30 && c <= 0x39; c = b[at]) {
      time = time * 10 + (c - 0x30);
      at += 1;
    }
    this.#at = at;
    this.#blanks();
    if (this.#at < b.length && b[this.#at] !== newline) {
      throw this.#fault('expected timestamp or new record');
    }
    this.#at += 1;
    if (at === from) return Number.NaN;
    if (time >= 2 ** 63) throw this.#fault('timestamp out of range');
    return time;
  }
}
