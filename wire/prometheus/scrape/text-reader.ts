import { isUtf8 } from 'node:buffer';
import type { Exposition } from './exposition.ts';
import { faultAt, type ScrapeFault } from './fault.ts';
import type { Metadata } from './known-metadata.ts';
import {
  type BlockRules,
  exposedLabels,
  LabelBlock,
  metricNameEnd,
  quotedEnd,
} from './label-block.ts';
import { SeriesScan } from './series-scan.ts';

export const newline = 0x0a;
export const hash = 0x23;
export const space = 0x20;
const brace = 0x7b;

/** Space or tab; undefined is the end of the text. */
export const isBlank = (c: number | undefined): boolean => c === space || c === 0x09;

/** What both text formats have in common: names with labels, and lines about families. */
export abstract class TextReader {
  protected readonly b: Buffer;
  protected readonly out: Exposition;
  /** Next byte to read, and where the line began. */
  protected at = 0;
  protected start = 0;
  readonly #scan = new SeriesScan();
  readonly #block: LabelBlock;
  readonly #rules: BlockRules;

  constructor(b: Buffer, out: Exposition, rules: BlockRules) {
    this.b = b;
    this.out = out;
    this.#rules = rules;
    this.#block = new LabelBlock(rules);
  }

  protected fault(what: string): ScrapeFault {
    return faultAt(what, this.b, this.start, this.at);
  }

  protected blanks(): void {
    while (isBlank(this.b[this.at])) this.at += 1;
  }

  /** The name and labels that the line begins with. @returns the number of the series */
  protected series(): number {
    const { known } = this.out;
    const { b, start } = this;
    let series = known.follower(b, start);
    if (series >= 0) {
      this.at = start + known.length(series);
    } else {
      const scan = this.#scan;
      scan.scan(b, start, known.seed);
      series = known.find(b, start, scan.end, scan.hash);
      if (series < 0) series = this.#newSeries();
      else this.at = scan.end;
    }
    known.came(series);
    return series;
  }

  #newSeries(): number {
    const { b, start } = this;
    const { known, type } = this.out;
    let name: string | undefined;
    if (b[this.at] !== brace) {
      const end = metricNameEnd(b, this.at);
      if (end === this.at) throw this.fault('expected a valid start token');
      // blanks before a name are part of it, as Prometheus reads it
      name = b.toString('latin1', start, end);
      this.at = end;
    }
    let end = this.at;
    let labels: readonly string[] = [];
    if (this.#rules.blanks) this.blanks();
    if (b[this.at] === brace) {
      const block = this.#block;
      block.read(b, start, this.at + 1);
      if (name !== undefined && block.name !== undefined) {
        throw this.fault('metric name already set');
      }
      name ??= block.name;
      labels = block.labels;
      end = block.end;
    }
    this.at = end;
    if (name === undefined) throw this.fault('metric name not set');
    const hashOf = known.hash(b, start, end);
    const same = known.find(b, start, end, hashOf);
    if (same >= 0) return same;
    return known.add(b, start, end, hashOf, exposedLabels(name, labels, type));
  }

  /** The line about a family that ends at `end`; `read` reads it where it is not known. */
  protected family(end: number, read: () => Metadata): void {
    const { lines, metadata } = this.out;
    const number = lines.number(this.b, this.at, end, read);
    metadata.push(number);
    const line = lines.line(number);
    if (line.kind === 'type') this.out.type = line.type;
  }

  /** The family's name, at `from` and at most up to `end`; `at` stands behind it then. */
  protected familyName(word: string, from: number, end: number): string {
    const { b } = this;
    const inQuotes = b[from] === 0x22;
    const to = inQuotes ? quotedEnd(b, from, this.#rules.lines) : metricNameEnd(b, from);
    this.at = Math.max(from, to);
    if (to <= from || to > end) throw this.fault(`expected metric name after ${word}`);
    return inQuotes ? b.toString('utf8', from + 1, to - 1) : b.toString('latin1', from, to);
  }

  protected help(bytes: Buffer): string {
    if (!isUtf8(bytes)) throw this.fault('help text is not a valid utf8 string');
    return bytes.toString('utf8');
  }
}
