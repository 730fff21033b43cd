import type { OttlTime } from '../../../values.ts';
import { formatTime } from './format-layout.ts';
import { type Chunk, chunksOf } from './layout.ts';
import type { Mismatch } from './parse-layout.ts';

/** Directives and the layout that shows them. */
const shown: Readonly<Record<string, string>> = {
  Y: '2006',
  y: '06',
  m: '01',
  o: '_1',
  q: '1',
  b: 'Jan',
  h: 'Jan',
  B: 'January',
  d: '02',
  e: '_2',
  g: '2',
  a: 'Mon',
  A: 'Monday',
  H: '15',
  l: '3',
  I: '03',
  p: 'PM',
  P: 'pm',
  M: '04',
  S: '05',
  L: '999',
  f: '999999',
  s: '999999999',
  Z: 'MST',
  z: 'Z0700',
  w: '-070000',
  i: '-07',
  j: '-07:00',
  k: '-07:00:00',
  D: '01/02/2006',
  x: '01/02/2006',
  F: '2006-01-02',
  T: '15:04:05',
  X: '15:04:05',
  r: '03:04:05 pm',
  R: '15:04',
  n: '\n',
  t: '\t',
  '%': '%',
  c: 'Mon Jan 02 15:04:05 2006',
};

const time = ['15', ':', '4', ':', '5'];

/** Directives that are read with less care than they are written, in pieces; tried in this order. */
const read: Readonly<Record<string, readonly (readonly string[])[]>> = {
  m: [['1']],
  o: [['1']],
  q: [['1']],
  d: [['2']],
  e: [['2']],
  g: [['2']],
  I: [['3']],
  M: [['4']],
  S: [['5']],
  D: [
    ['1', '/', '2', '/', '2006'],
    ['1', '/', '2', '/', '06'],
  ],
  x: [
    ['1', '/', '2', '/', '2006'],
    ['1', '/', '2', '/', '06'],
  ],
  F: [['2006', '-', '1', '-', '2']],
  T: [time],
  X: [time],
  r: [['3', ':', '4', ':', '5', ' ', 'pm']],
  R: [['15', ':', '4']],
  c: [['Mon', ' ', 'Jan', ' ', '2', ' ', ...time, ' ', '2006']],
  z: [['Z0700'], ['Z07:00'], ['Z07']],
};

const directive = /%(.)/gu;

/** @throws Error when a format has digits, an unknown directive or a fraction without a point */
export function checkFormat(format: string): void {
  if (/[0-9]/.test(format)) throw new Error('format string should not contain decimals');
  const fraction = /[^.,]%[Lfs]/s.exec(format);
  if (fraction !== null) {
    throw new Error(
      `invalid fractional seconds directive: '${fraction[0]}'. must be preceded with '.' or ','`,
    );
  }
  const unknown = [...format.matchAll(directive)]
    .filter(([, letter]) => !Object.hasOwn(shown, letter!))
    .map(([text]) => `unsupported ctimefmt.toNative() directive: ${text}`);
  if (unknown.length > 0) throw new Error(`invalid strptime format: [${unknown.join(' ')}]`);
}

/** Shows times by a checked format. */
export function timeFormatter(format: string): (time: OttlTime) => string {
  const layout = format.replace(directive, (_, letter: string) => shown[letter]!);
  const chunks = chunksOf(layout);
  return (value) => formatTime(value, chunks);
}

/** What trying a layout gave. */
export type Tried<T> = { readonly value: T } | { readonly mismatch: Mismatch };

/** Tries a layout on the text at hand. */
export type TryLayout<T> = (layout: string, chunks: readonly Chunk[]) => Tried<T>;

const maxLayouts = 64;

/**
 * Reads texts by a checked format: layouts that it can stand for are tried one after another, the
 * one that fitted last first.
 */
export class FormatReader {
  private readonly literals: string[] = [];
  private readonly letters: string[] = [];
  private last: string | undefined;
  private readonly chunks = new Map<string, Chunk[]>();

  constructor(format: string) {
    let start = 0;
    for (const match of format.matchAll(directive)) {
      this.literals.push(format.slice(start, match.index));
      this.letters.push(match[1]!);
      start = match.index + match[0].length;
    }
    this.literals.push(format.slice(start));
  }

  read<T>(attempt: TryLayout<T>): Tried<T> {
    if (this.last !== undefined) {
      const tried = this.attempt(this.last, attempt);
      if ('value' in tried) return tried;
    }
    return this.from('', 0, attempt);
  }

  private attempt<T>(layout: string, attempt: TryLayout<T>): Tried<T> {
    let chunks = this.chunks.get(layout);
    if (chunks === undefined) {
      chunks = chunksOf(layout);
      if (this.chunks.size >= maxLayouts) this.chunks.clear();
      this.chunks.set(layout, chunks);
    }
    return attempt(layout, chunks);
  }

  /** Tries all layouts that begin with `before` and go on with directive `index`. */
  private from<T>(before: string, index: number, attempt: TryLayout<T>): Tried<T> {
    const layout = before + this.literals[index]!;
    const letter = this.letters[index];
    if (letter === undefined) {
      const tried = this.attempt(layout, attempt);
      if ('value' in tried) this.last = layout;
      return tried;
    }
    const choices = read[letter] ?? [['', shown[letter]!]];
    let tried: Tried<T> | undefined;
    for (const choice of choices) {
      const step = this.tryPieces(layout, choice, index, attempt);
      tried = step.tried;
      if (!step.isHere) break;
    }
    return tried!;
  }

  /** Tries one choice for a directive; blanks before a number are let in. */
  private tryPieces<T>(
    layout: string,
    choice: readonly string[],
    index: number,
    attempt: TryLayout<T>,
  ): { tried: Tried<T>; isHere: boolean } {
    let pieces = [...choice];
    for (;;) {
      const tried = this.from(layout + pieces.join(''), index + 1, attempt);
      if ('value' in tried) return { tried, isHere: false };
      const { mismatch } = tried;
      const at = pieces.indexOf(mismatch.layoutElement);
      if (at < 0) return { tried, isHere: false };
      const named = { mismatch: { ...mismatch, layoutElement: `%${this.letters[index]}` } };
      const blanks = /^[0-9Z]/.test(pieces[at]!) ? /^[\t\n\f\r ]+/.exec(mismatch.rest) : null;
      if (blanks === null) return { tried: named, isHere: true };
      pieces = pieces.toSpliced(at, 0, blanks[0]);
    }
  }
}
