import { isUtf8 } from 'node:buffer';

const space = 0x20;
const comma = 0x2c;
const equals = 0x3d;
const backslash = 0x5c;

/** Measurement and tags of a line, escapes undone. */
export interface SeriesKey {
  readonly measurement: string;
  /** In the line's order; no key comes twice. */
  readonly tags: readonly (readonly [key: string, value: string])[];
}

/** Where the fault of a series is, and what. */
export interface SeriesFault {
  readonly fault: string;
  readonly at: number;
}

/**
 * Reads `measurement[,tag=value...]`, all of [from, to), which `LineReader` found: no control
 * characters, and no blank but escaped ones.
 */
export function readSeries(b: Buffer, from: number, to: number): SeriesKey | SeriesFault {
  if (!isUtf8(b.subarray(from, to))) return { fault: 'invalid UTF-8', at: from };
  let end = tokenEnd(b, from, to, false);
  if (end === from) return { fault: 'missing measurement', at: from };
  const measurement = unescapeName(b, from, end, false);
  const tags: [string, string][] = [];
  let many: Set<string> | undefined;
  while (end < to) {
    const keyFrom = end + 1;
    const keyEnd = tokenEnd(b, keyFrom, to, true);
    if (keyEnd === keyFrom) return { fault: 'missing tag key', at: keyFrom };
    if (b[keyEnd] !== equals || keyEnd >= to) return { fault: 'missing tag value', at: keyEnd };
    end = tokenEnd(b, keyEnd + 1, to, true);
    if (end === keyEnd + 1) return { fault: 'missing tag value', at: end };
    if (end < to && b[end] !== comma) return { fault: 'invalid tag format', at: end };
    const key = unescapeName(b, keyFrom, keyEnd, true);
    if (tags.length === fewTags) many = new Set(tags.map(([one]) => one));
    const twice = many?.has(key) ?? tags.some(([one]) => one === key);
    if (twice) return { fault: 'duplicate tags', at: keyFrom };
    many?.add(key);
    tags.push([key, unescapeName(b, keyEnd + 1, end, true)]);
  }
  return { measurement, tags };
}

/** Tags that are looked through; more go into a set. */
const fewTags = 16;

/** First unescaped `,`, in tags also `=`, or `to`. */
function tokenEnd(b: Buffer, from: number, to: number, tag: boolean): number {
  for (let p = from; p < to; p += 1) {
    const c = b[p];
    if (c === comma || (tag && c === equals)) return p;
    if (c === backslash && p + 1 < to && isEscaped(b[p + 1]!, tag)) p += 1;
  }
  return to;
}

function isEscaped(c: number, tag: boolean): boolean {
  return c === comma || c === space || (tag && c === equals);
}

/** Text of a name: `\,`, `\ ` and, but for measurements, `\=` lose their backslash. */
export function unescapeName(b: Buffer, from: number, to: number, tag: boolean): string {
  const text = b.toString('utf8', from, to);
  if (!text.includes('\\')) return text;
  return text.replace(tag ? /\\([,= ])/g : /\\([, ])/g, '$1');
}

const textEscapes: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t' };

/** Text of a string value: `\"`, `\\`, `\n`, `\r` and `\t` are undone. */
export function unescapeText(b: Buffer, from: number, to: number): string {
  const text = b.toString('utf8', from, to);
  if (!text.includes('\\')) return text;
  return text.replace(/\\(["\\nrt])/g, (_: string, c: string) => textEscapes[c] ?? c);
}
