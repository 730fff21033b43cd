import { isAscii, isUtf8 } from 'node:buffer';
import { z } from 'zod';
import { compileRegexp, type GoRegexp } from '../pdata/regexp/index.ts';
import type { LogEncoding } from './encoding.ts';

/** Keys of `multiline:`. */
const multilineKeys = {
  line_start_pattern: z.string().default('').describe('pattern that every entry begins with'),
  line_end_pattern: z.string().default('').describe('pattern that every entry ends with'),
  omit_pattern: z.boolean().default(false).describe('whether the pattern is cut off'),
};

/** Keys by which a stream of text is cut into entries; the default cuts at newlines. */
export const multiline = () => z.strictObject(multilineKeys).prefault({});

type MultilineConfig = z.output<ReturnType<typeof multiline>>;

/** Cuts the next entry out of bytes. The same object is used again and again. */
export interface Splitter {
  /** After `next` said true: the entry's bytes. */
  from: number;
  to: number;
  /** After `next` said true: where the next entry begins. */
  end: number;
  /**
   * Looks for an entry in `data[start, stop)`.
   * @param whole whether no more bytes come now
   * @returns whether there is one; else more bytes are wanted
   */
  next(data: Buffer, start: number, stop: number, whole: boolean): boolean;
}

/** How bytes are cut into entries. */
export interface SplitOptions {
  readonly encoding: LogEncoding;
  readonly multiline: MultilineConfig;
  /** What remains at the end is an entry (connections that close, packets). */
  readonly flushAtEnd: boolean;
  /** Longest entry, bytes. */
  readonly maxSize: number;
}

/**
 * Checks how entries are cut and makes splitters, which have state of their own.
 * @throws Error
 */
export function splitterMaker(options: SplitOptions): () => Splitter {
  const { encoding, multiline: keys, flushAtEnd } = options;
  const { line_start_pattern: start, line_end_pattern: end, omit_pattern: omit } = keys;
  if (encoding.isNop) {
    if (end !== '') throw new Error('line_end_pattern should not be set when using nop encoding');
    if (start !== '') {
      throw new Error('line_start_pattern should not be set when using nop encoding');
    }
    return () => new WholeSplitter(options.maxSize);
  }
  if (start === '' && end === '') return () => new LineSplitter(encoding, flushAtEnd);
  if (start !== '' && end !== '') {
    throw new Error('only one of line_start_pattern or line_end_pattern can be set');
  }
  if (encoding.sizeOf === undefined) {
    throw new Error('multiline patterns cannot be used with this encoding');
  }
  const kind = start === '' ? 'end' : 'start';
  let pattern: GoRegexp;
  try {
    pattern = compileRegexp(`(?m)${start}${end}`);
  } catch (error) {
    throw new Error(`compile line ${kind} regex: ${(error as Error).message}`);
  }
  return () => new PatternSplitter(pattern, kind, omit, encoding, flushAtEnd);
}

abstract class Base implements Splitter {
  from = 0;
  to = 0;
  end = 0;

  protected found(from: number, to: number, end: number): true {
    this.from = from;
    this.to = to;
    this.end = end;
    return true;
  }

  abstract next(data: Buffer, start: number, stop: number, whole: boolean): boolean;
}

/** No splitting: pieces of the largest size, and what remains. */
class WholeSplitter extends Base {
  readonly #max: number;

  constructor(max: number) {
    super();
    this.#max = max;
  }

  next(_data: Buffer, start: number, stop: number, whole: boolean): boolean {
    const size = stop - start;
    if (size >= this.#max) return this.found(start, start + this.#max, start + this.#max);
    return whole && size > 0 ? this.found(start, stop, stop) : false;
  }
}

class LineSplitter extends Base {
  readonly #newline: Buffer;
  readonly #carriageReturn: Buffer;
  readonly #unit: number;
  readonly #flush: boolean;

  constructor({ newline, carriageReturn, unit }: LogEncoding, flush: boolean) {
    super();
    this.#newline = newline;
    this.#carriageReturn = carriageReturn;
    this.#unit = unit;
    this.#flush = flush;
  }

  next(data: Buffer, start: number, stop: number, whole: boolean): boolean {
    const unit = this.#unit;
    let at = unit === 1 ? data.indexOf(10, start) : data.indexOf(this.#newline, start);
    while (unit === 2 && at >= 0 && (at - start) % 2 !== 0) {
      at = data.indexOf(this.#newline, at + 1);
    }
    if (at < 0 || at + unit > stop) {
      return whole && this.#flush && stop > start ? this.found(start, stop, stop) : false;
    }
    let to = at;
    if (to - unit >= start) {
      const before = to - unit;
      const [first, second] = this.#carriageReturn;
      if (data[before] === first && (unit === 1 || data[before + 1] === second)) to = before;
    }
    return this.found(start, to, at + unit);
  }
}

/** Matches of a pattern in a piece of data, as places in its bytes. */
interface Matches {
  readonly data: Buffer;
  readonly stop: number;
  /** Ascending pairs of first byte and byte behind. */
  readonly places: readonly (readonly [number, number])[];
}

class PatternSplitter extends Base {
  readonly #pattern: GoRegexp;
  readonly #kind: 'start' | 'end';
  readonly #omit: boolean;
  readonly #encoding: LogEncoding;
  readonly #flush: boolean;
  #matches: Matches | undefined;

  constructor(
    pattern: GoRegexp,
    kind: 'start' | 'end',
    omit: boolean,
    encoding: LogEncoding,
    flush: boolean,
  ) {
    super();
    this.#pattern = pattern;
    this.#kind = kind;
    this.#omit = omit;
    this.#encoding = encoding;
    this.#flush = flush;
  }

  next(data: Buffer, start: number, stop: number, whole: boolean): boolean {
    const places = this.#find(data, start, stop);
    const rest = () =>
      whole && this.#flush && stop > start ? this.found(start, stop, stop) : false;
    const i = places.findIndex(([from]) => from >= start);
    const first = i < 0 ? undefined : places[i]!;
    if (first === undefined) return rest();
    const [from, to] = first;
    if (this.#kind === 'end') {
      if (to === stop - 1 && !whole) return false;
      return this.found(start, this.#omit ? from : to, to);
    }
    if (from !== start) return this.found(start, from, from);
    if (to === stop) return false;
    const body = this.#omit ? to : from;
    if (whole && this.#flush) {
      const second = places.slice(i + 1).find(([next]) => next > to);
      return second === undefined
        ? this.found(body, stop, stop)
        : this.found(body, second[0], second[0]);
    }
    const second = places.slice(i + 1, i + 3).find(([next]) => next > to);
    return second === undefined ? false : this.found(body, second[0], second[0]);
  }

  /** All matches in the data; kept while the data stays the same. */
  #find(data: Buffer, start: number, stop: number): Matches['places'] {
    const known = this.#matches;
    const places = known?.places ?? [];
    const last = places.at(-1);
    if (known?.data === data && known.stop === stop && last !== undefined && last[0] >= start) {
      if (places.some(([from]) => from === start) || this.#kind === 'end') return places;
    }
    const found = this.#search(data, start, stop);
    this.#matches = { data, stop, places: found };
    return found;
  }

  #search(data: Buffer, start: number, stop: number): (readonly [number, number])[] {
    const bytes = data.subarray(start, stop);
    const { isUtf8: utf8, decode } = this.#encoding;
    const plain = utf8 && (isAscii(bytes) || !isUtf8(bytes));
    const text = plain ? bytes.toString('latin1') : decode(bytes);
    const size = plain ? (part: string) => part.length : this.#encoding.sizeOf!;
    const out: (readonly [number, number])[] = [];
    let chars = 0;
    let place = start;
    const byteAt = (index: number): number => {
      place += size(text.slice(chars, index));
      chars = index;
      return place;
    };
    for (const match of this.#pattern.matches(text)) {
      const from = byteAt(match.index);
      out.push([from, byteAt(match.end)]);
    }
    return out;
  }
}

/** White space that is cut off at the ends of entries. */
function isSpace(byte: number): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;
}

/** The first byte of an entry that is no white space. */
export function trimStart(data: Uint8Array, from: number, to: number): number {
  let at = from;
  while (at < to && isSpace(data[at]!)) at += 1;
  return at;
}

/** The byte behind the last one of an entry that is no white space. */
export function trimEnd(data: Uint8Array, from: number, to: number): number {
  let at = to;
  while (at > from && isSpace(data[at - 1]!)) at -= 1;
  return at;
}

/** Keys that keep white space. */
export const trimKeys = {
  preserve_leading_whitespaces: z
    .boolean()
    .default(false)
    .describe('whether white space before an entry is kept'),
  preserve_trailing_whitespaces: z
    .boolean()
    .default(false)
    .describe('whether white space behind an entry is kept'),
};
