import type { Exposition } from './exposition.ts';
import { readFloat } from './float.ts';
import type { Metadata } from './known-metadata.ts';
import { hash, isBlank, newline, space, TextReader } from './text-reader.ts';
import type { MetricType } from './types.ts';
import { unescapeHelp } from './unescape.ts';

const brace = 0x7b;

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

class ClassicReader extends TextReader {
  constructor(b: Buffer, out: Exposition) {
    super(b, out, { blanks: true, commas: 'free', lines: true });
  }

  read(): void {
    const { b } = this;
    while (this.at < b.length) {
      this.start = this.at;
      this.blanks();
      const c = b[this.at];
      if (c === newline) this.at += 1;
      else if (c === hash) this.#comment();
      else if (this.at < b.length) this.#sample();
    }
  }

  #lineEnd(): number {
    const end = this.b.indexOf(newline, this.at);
    return end < 0 ? this.b.length : end;
  }

  #comment(): void {
    const { b } = this;
    const end = this.#lineEnd();
    let at = this.at + 1;
    while (isBlank(b[at])) at += 1;
    const word = isBlank(b[this.at + 1]) ? b.toString('latin1', at, at + 4) : '';
    if ((word === 'HELP' || word === 'TYPE') && isBlank(b[at + 4])) {
      this.family(end, () => this.#metadata(word, at + 5, end));
    }
    this.at = end + 1;
  }

  #metadata(word: 'HELP' | 'TYPE', from: number, end: number): Metadata {
    const { b } = this;
    this.at = from;
    this.blanks();
    const name = this.familyName(word, this.at, end);
    const bytes = b.subarray(Math.min(this.at + 1, end), end);
    if (word === 'TYPE') {
      const text = bytes.toString('utf8');
      const type = Object.hasOwn(types, text) ? types[text] : undefined;
      if (type === undefined) throw this.fault(`invalid metric type ${JSON.stringify(text)}`);
      return { kind: 'type', name, type };
    }
    const text = this.help(bytes);
    return { kind: 'help', name, text: unescapeHelp(text.trim() === '' ? '' : text) };
  }

  #sample(): void {
    const series = this.series();
    this.blanks();
    const from = this.at;
    const value = this.#number(from);
    const timeMs = this.#time();
    this.out.push(series, value, timeMs);
  }

  #number(from: number): number {
    const { b } = this;
    let to = from;
    for (; to < b.length; to += 1) {
      const c = b[to]!;
      if (c === space || c === newline || c === 0x09 || c === brace) break;
    }
    this.at = to;
    if (to === from) throw this.fault('expected value after metric');
    const value = readFloat(b, from, to);
    if (value === undefined) {
      throw this.fault(`invalid value ${JSON.stringify(b.toString('utf8', from, to))}`);
    }
    return value;
  }

  /** @returns NaN where none stands */
  #time(): number {
    const { b } = this;
    this.blanks();
    const from = this.at;
    let time = 0;
    let at = from;
    for (let c = b[at]; c !== undefined && c >= 0x30 && c <= 0x39; c = b[at]) {
      time = time * 10 + (c - 0x30);
      at += 1;
    }
    this.at = at;
    this.blanks();
    if (this.at < b.length && b[this.at] !== newline) {
      throw this.fault('expected timestamp or new record');
    }
    this.at += 1;
    if (at === from) return Number.NaN;
    if (time >= 2 ** 63) throw this.fault('timestamp out of range');
    return time;
  }
}
