import { complement, normalise, perlClasses, posixClasses } from './char-set.ts';
import { propertyOf } from './properties.ts';

/** Part of a class: ranges in any order and V8's names of Unicode properties. */
export interface ClassItem {
  readonly ranges: readonly number[];
  readonly properties: readonly string[];
}

/** Reads `[...]` of a valid pattern, which begins at `start`. */
export function parseClass(
  text: string,
  start: number,
): ClassItem & { negated: boolean; end: number } {
  let at = start + 1;
  const negated = text[at] === '^';
  if (negated) at += 1;
  const ranges: number[] = [];
  const properties: string[] = [];
  for (let first = true; first || text[at] !== ']'; first = false) {
    const posix = text.startsWith('[:', at) ? /^\[:(\^?)([a-z]+):\]/.exec(text.slice(at)) : null;
    const found = posix === null ? undefined : posixClasses[posix[2]!];
    if (posix !== null && found !== undefined) {
      ranges.push(...(posix[1] === '^' ? complement(found) : found));
      at += posix[0].length;
      continue;
    }
    const low = classMember(text, at);
    at = low.end;
    properties.push(...low.properties);
    if (isChar(low) && text[at] === '-' && text[at + 1] !== ']') {
      const high = classMember(text, at + 1);
      at = high.end;
      ranges.push(low.ranges[0]!, high.ranges[0]!);
    } else ranges.push(...low.ranges);
  }
  return { ranges: normalise(ranges), properties, negated, end: at + 1 };
}

function isChar(item: ClassItem & { isClass?: boolean }): boolean {
  return item.isClass !== true;
}

type Member = ClassItem & { end: number; isClass?: boolean };

function classMember(text: string, at: number): Member {
  if (text[at] === '\\') {
    const perl = perlClasses[text[at + 1]!.toLowerCase()];
    if (perl !== undefined) {
      const ranges = text[at + 1]! < 'a' ? complement(perl) : perl;
      return { ranges, properties: [], end: at + 2, isClass: true };
    }
    return parseEscape(text, at);
  }
  const code = text.codePointAt(at)!;
  return { ranges: [code, code], properties: [], end: at + (code > 0xffff ? 2 : 1) };
}

const controls: Readonly<Record<string, number>> = { a: 7, f: 12, n: 10, r: 13, t: 9, v: 11 };

/** Reads an escape of one character, or `\p`, at `at`. */
export function parseEscape(text: string, at: number): Member {
  const char = text[at + 1]!;
  const rest = text.slice(at + 1, at + 40);
  if (char === 'p' || char === 'P') return property(rest, at + 1);
  const control = controls[char];
  if (control !== undefined) return one(control, at + 2);
  const hex = /^x(?:\{([0-9A-Fa-f]+)\}|([0-9A-Fa-f]{2}))/.exec(rest);
  if (hex !== null) return one(Number.parseInt((hex[1] ?? hex[2])!, 16), at + 1 + hex[0].length);
  const octal = /^(?:0[0-7]{0,2}|[1-7][0-7]{1,2})/.exec(rest);
  if (octal !== null) return one(Number.parseInt(octal[0], 8), at + 1 + octal[0].length);
  return one(text.charCodeAt(at + 1), at + 2);
}

function one(code: number, end: number): Member {
  return { ranges: [code, code], properties: [], end };
}

function property(rest: string, start: number): Member {
  const found = /^([pP])(?:\{(\^?)([^}]*)\}|(.))/u.exec(rest)!;
  const negated = (found[1] === 'P') !== (found[2] === '^');
  const end = start + found[0].length;
  return {
    ranges: [],
    properties: [propertyOf(found[3] ?? found[4]!, negated)],
    end,
    isClass: true,
  };
}
