import { isUtf8 } from 'node:buffer';
import { boundLabel, boundText } from './bound-text.ts';
import { faultAt, type ScrapeFault } from './fault.ts';
import type { ExposedLabels } from './known-series.ts';
import type { MetricType } from './types.ts';
import { unescapeValue } from './unescape.ts';

const quote = 0x22;
const backslash = 0x5c;

const isNameStart = (c: number): boolean =>
  (c >= 0x61 && c <= 0x7a) || (c >= 0x41 && c <= 0x5a) || c === 0x5f;
const isDigit = (c: number): boolean => c >= 0x30 && c <= 0x39;

/** End of the metric name at `at`, which may hold colons; `at` where there is none. */
export function metricNameEnd(b: Buffer, at: number): number {
  let end = at;
  for (; end < b.length; end += 1) {
    const c = b[end]!;
    if (isNameStart(c) || c === 0x3a) continue;
    if (end === at || !isDigit(c)) break;
  }
  return end;
}

function labelNameEnd(b: Buffer, at: number): number {
  let end = at;
  for (; end < b.length; end += 1) {
    const c = b[end]!;
    if (isNameStart(c)) continue;
    if (end === at || !isDigit(c)) break;
  }
  return end;
}

/** Behind the text in quotes at `at`; -1 = it does not end. */
export function quotedEnd(b: Buffer, at: number, lines: boolean): number {
  for (let i = at + 1; i < b.length; i += 1) {
    const c = b[i]!;
    if (c === quote) return i + 1;
    if (c === 0x0a && !lines) return -1;
    if (c !== backslash) continue;
    i += 1;
    if (b[i] === 0x0a) return -1;
  }
  return -1;
}

/** How the label blocks of a format are written. */
export interface BlockRules {
  /** Whether blanks may stand between tokens. */
  readonly blanks: boolean;
  /** Whether commas may be left out. */
  readonly commas: 'needed' | 'free';
  /** Whether values may have line breaks. */
  readonly lines: boolean;
}

/** Reads `{name="value",...}`; the names and values are kept until the next block. */
export class LabelBlock {
  /** Behind the block. */
  end = 0;
  /** The metric's name where it stands inside, in quotes; undefined = it does not. */
  name: string | undefined;
  readonly labels: string[] = [];
  readonly #rules: BlockRules;
  #b: Buffer = Buffer.alloc(0);
  #start = 0;
  #at = 0;

  constructor(rules: BlockRules) {
    this.#rules = rules;
  }

  /**
   * Reads the block whose brace stands before `at`.
   * @param start of the line, for messages
   * @param exemplar whether no name may stand inside, and escapes stay
   * @throws ScrapeFault
   */
  read(b: Buffer, start: number, at: number, exemplar = false): void {
    this.#b = b;
    this.#start = start;
    this.#at = at;
    this.name = undefined;
    this.labels.length = 0;
    this.#blanks();
    while (b[this.#at] !== 0x7d) this.#entry(exemplar);
    this.end = this.#at + 1;
  }

  #entry(exemplar: boolean): void {
    const b = this.#b;
    const inQuotes = b[this.#at] === quote;
    const from = this.#at;
    const to = inQuotes ? quotedEnd(b, from, this.#rules.lines) : labelNameEnd(b, from);
    if (to <= from) throw this.#fault('expected label name');
    this.#at = to;
    this.#blanks();
    const c = b[this.#at];
    const text = inQuotes ? this.#text(from + 1, to - 1) : b.toString('latin1', from, to);
    if (inQuotes && !exemplar && (c === 0x2c || c === 0x7d)) {
      if (this.name !== undefined) throw this.#fault('metric name already set');
      this.name = unescapeValue(text);
      if (c === 0x2c) this.#skip();
      return;
    }
    if (c !== 0x3d) throw this.#fault('expected equal');
    this.#skip();
    this.#value(inQuotes && !exemplar ? unescapeValue(text) : text, exemplar);
  }

  #value(name: string, exemplar: boolean): void {
    const b = this.#b;
    const from = this.#at;
    const to = b[from] === quote ? quotedEnd(b, from, this.#rules.lines) : -1;
    if (to < 0) throw this.#fault('expected label value');
    const value = this.#text(from + 1, to - 1);
    this.labels.push(name, exemplar ? value : unescapeValue(value));
    this.#at = to;
    this.#blanks();
    const next = b[this.#at];
    if (next === 0x2c) this.#skip();
    else if (next !== 0x7d && this.#rules.commas === 'needed') {
      throw this.#fault('expected comma or brace close');
    }
  }

  #text(from: number, to: number): string {
    const b = this.#b;
    if (!isUtf8(b.subarray(from, to))) throw this.#fault('invalid UTF-8 label value');
    return b.toString('utf8', from, to);
  }

  #skip(): void {
    this.#at += 1;
    this.#blanks();
  }

  #blanks(): void {
    if (!this.#rules.blanks) return;
    while (this.#b[this.#at] === 0x20 || this.#b[this.#at] === 0x09) this.#at += 1;
  }

  #fault(what: string): ScrapeFault {
    return faultAt(what, this.#b, this.#start, this.#at);
  }
}

/** Labels of a series in the order of their names; bounds as OpenMetrics writes them. */
export function exposedLabels(
  name: string,
  labels: readonly string[],
  type: MetricType,
): ExposedLabels {
  const bound = boundLabel(type);
  const pairs: [string, string][] = [['__name__', name]];
  for (let i = 0; i < labels.length; i += 2) {
    const value = labels[i + 1]!;
    pairs.push([labels[i]!, labels[i] === bound ? boundText(value) : value]);
  }
  return sortedPairs(pairs);
}

/** Pairs in the order of their names, flat. */
export function sortedPairs(pairs: [string, string][]): readonly string[] {
  return pairs.sort((a, b) => (a[0] < b[0] ? -1 : a[0] > b[0] ? 1 : 0)).flat();
}
