import type { Chunk } from './chunks.ts';
import { fromLocal, loadZone, type Zone } from './zone.ts';

const months = [
  ...['January', 'February', 'March', 'April', 'May', 'June', 'July', 'August', 'September'],
  ...['October', 'November', 'December'],
];
const weekdays = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];

/** What was read so far. */
interface Parts {
  /** 0 = none. */
  year: number;
  month: number;
  day: number;
  yearDay: number;
  hour: number;
  minute: number;
  second: number;
  ns: number;
  afternoon: boolean | undefined;
  offsetMs: number | undefined;
  zone: string;
}

const dayMs = 86_400_000;

/**
 * Reads a time as Go's `time.ParseInLocation` does; a time without a year is put into the year that
 * brings it before `nowMs` plus seven days.
 * @param zone where the text does not say
 * @returns nanoseconds since 1970
 * @throws Error that quotes the text
 */
export function parseTime(
  chunks: readonly Chunk[],
  text: string,
  zone: Zone,
  nowMs: number,
): bigint {
  const parts: Parts = {
    ...{ year: 0, month: 0, day: 0, yearDay: 0, hour: 0, minute: 0, second: 0, ns: 0 },
    ...{ afternoon: undefined, offsetMs: undefined, zone: '' },
  };
  let at = 0;
  for (let i = 0; i < chunks.length; i += 1) {
    const chunk = chunks[i]!;
    let from = at;
    if (chunk.spaces) while (text[from] === ' ' || text[from] === '\t') from += 1;
    const end = readChunk(chunk, text, from, parts);
    if (end < 0) throw cannot(text, `${JSON.stringify(text.slice(at))} is no ${chunk.text}`);
    at = end;
    if (chunk.kind === 'second' && chunks[i + 1]?.kind !== 'fraction') {
      at = readFraction(text, at, parts);
    }
  }
  if (at < text.length) throw cannot(text, `extra text: ${JSON.stringify(text.slice(at))}`);
  return assemble(parts, text, zone, nowMs);
}

function cannot(text: string, why: string): Error {
  return new Error(`cannot parse ${JSON.stringify(text)} as a time: ${why}`);
}

/** @returns where the chunk ends, -1 when it does not fit */
function readChunk(chunk: Chunk, text: string, at: number, parts: Parts): number {
  switch (chunk.kind) {
    case 'literal':
      return readLiteral(chunk.text, text, at);
    case 'monthLong':
    case 'monthShort':
      return readName(months, chunk.kind === 'monthLong', text, at, (i) => (parts.month = i + 1));
    case 'weekdayLong':
    case 'weekdayShort':
      return readName(weekdays, chunk.kind === 'weekdayLong', text, at, () => {});
    case 'year':
      return readFixed(text, at, 4, (value) => (parts.year = value));
    case 'year2':
      return readFixed(text, at, 2, (v) => (parts.year = v >= 69 ? 1900 + v : 2000 + v));
    case 'month':
      return readNumber(chunk, text, at, [1, 12], (value) => (parts.month = value));
    case 'day': {
      const from = chunk.text === '_2' && text[at] === ' ' ? at + 1 : at;
      return readNumber(chunk, text, from, [0, 99], (value) => (parts.day = value));
    }
    case 'yearDay': {
      const digits = text.slice(at, at + 3).replace(/^ +/, (s) => '0'.repeat(s.length));
      return readFixed(digits, 0, 3, (v) => (parts.yearDay = v)) < 0 ? -1 : at + 3;
    }
    case 'hour':
      return readNumber(chunk, text, at, [0, 23], (value) => (parts.hour = value));
    case 'hour12':
      return readNumber(chunk, text, at, [0, 12], (value) => (parts.hour = value));
    case 'minute':
      return readNumber(chunk, text, at, [0, 59], (value) => (parts.minute = value));
    case 'second':
      return readNumber(chunk, text, at, [0, 59], (value) => (parts.second = value));
    case 'PM':
    case 'pm':
      return readNoon(chunk.kind === 'PM', text, at, parts);
    case 'zone':
      return readZone(text, at, parts);
    case 'offset':
      return readOffset(chunk.text, text, at, parts);
    case 'fraction':
      if (chunk.text[1] === '9') return readFraction(text, at, parts);
      return readExactFraction(chunk.text.length - 1, text, at, parts);
  }
}

/** A space stands for any number of spaces; a text that has ended is fine. */
function readLiteral(literal: string, text: string, from: number): number {
  let at = from;
  for (let i = 0; i < literal.length; i += 1) {
    if (literal[i] === ' ') {
      if (at < text.length && text[at] !== ' ') return -1;
      while (literal[i + 1] === ' ') i += 1;
      while (text[at] === ' ') at += 1;
    } else if (text[at] === literal[i]) at += 1;
    else return -1;
  }
  return at;
}

function readName(
  names: readonly string[],
  long: boolean,
  text: string,
  at: number,
  take: (index: number) => void,
): number {
  for (let i = 0; i < names.length; i += 1) {
    const name = long ? names[i]! : names[i]!.slice(0, 3);
    if (text.slice(at, at + name.length).toLowerCase() === name.toLowerCase()) {
      take(i);
      return at + name.length;
    }
  }
  return -1;
}

function digit(text: string, at: number): number {
  const code = text.charCodeAt(at) - 48;
  return code >= 0 && code <= 9 ? code : -1;
}

function readFixed(text: string, at: number, size: number, take: (v: number) => void): number {
  let value = 0;
  for (let i = at; i < at + size; i += 1) {
    const d = digit(text, i);
    if (d < 0) return -1;
    value = value * 10 + d;
  }
  take(value);
  return at + size;
}

function readNumber(
  chunk: Chunk,
  text: string,
  at: number,
  [min, max]: readonly [number, number],
  take: (value: number) => void,
): number {
  const first = digit(text, at);
  if (first < 0) return -1;
  const second = digit(text, at + 1);
  if (second < 0 && chunk.padded) return -1;
  const value = second < 0 ? first : first * 10 + second;
  if (value < min || value > max) return -1;
  take(value);
  return second < 0 ? at + 1 : at + 2;
}

function readNoon(upper: boolean, text: string, at: number, parts: Parts): number {
  const word = text.slice(at, at + 2);
  const [am, pm] = upper ? ['AM', 'PM'] : ['am', 'pm'];
  if (word !== am && word !== pm) return -1;
  parts.afternoon = word === pm;
  return at + 2;
}

function readFraction(text: string, at: number, parts: Parts): number {
  if ((text[at] !== '.' && text[at] !== ',') || digit(text, at + 1) < 0) return at;
  let end = at + 1;
  while (end - at <= 9 && digit(text, end) >= 0) end += 1;
  parts.ns = Number(text.slice(at + 1, end).padEnd(9, '0'));
  return end;
}

function readExactFraction(digits: number, text: string, at: number, parts: Parts): number {
  if (text[at] !== '.' && text[at] !== ',') return -1;
  for (let i = 1; i <= digits; i += 1) if (digit(text, at + i) < 0) return -1;
  parts.ns = Number(text.slice(at + 1, at + 1 + Math.min(digits, 9)).padEnd(9, '0'));
  return at + 1 + digits;
}

const offsetForms: Readonly<Record<string, RegExp>> = {
  '-07:00:00': /([+-])(\d\d):(\d\d):(\d\d)/y,
  '-070000': /([+-])(\d\d)(\d\d)(\d\d)/y,
  '-07:00': /([+-])(\d\d):(\d\d)/y,
  '-0700': /([+-])(\d\d)(\d\d)/y,
  '-07': /([+-])(\d\d)/y,
};

function readOffset(form: string, text: string, at: number, parts: Parts): number {
  if (form === 'any') {
    const forms = ['Z07:00', 'Z0700', 'Z07'];
    for (const one of forms) {
      const end = readOffset(one, text, at, parts);
      if (end >= 0) return end;
    }
    return -1;
  }
  if (form[0] === 'Z' && text[at] === 'Z') {
    parts.offsetMs = 0;
    return at + 1;
  }
  const pattern = offsetForms[form.replace('Z', '-')]!;
  pattern.lastIndex = at;
  const found = pattern.exec(text);
  if (found === null) return -1;
  const [whole, sign, h, m = '0', s = '0'] = found;
  const ms = (Number(h) * 3600 + Number(m) * 60 + Number(s)) * 1000;
  if (Number(h) > 24 || Number(m) > 60 || Number(s) > 60) return -1;
  parts.offsetMs = sign === '-' ? -ms : ms;
  return at + whole.length;
}

const zoneName =
  /UTC|ChST|MeST|WITA|GMT[+-]\d{1,2}|GMT|[+-]\d{2}|[A-Z]{3}[A-Z]T|[A-Z]{4}ST|[A-Z]{3}/y;

function readZone(text: string, at: number, parts: Parts): number {
  zoneName.lastIndex = at;
  const found = zoneName.exec(text);
  if (found === null) return -1;
  const name = found[0];
  if (name === 'UTC') parts.offsetMs = 0;
  else parts.zone = name;
  return at + name.length;
}

/** Abbreviations that are names of zones as well. */
const zoneAbbreviations = new Set([
  ...['CET', 'EET', 'EST', 'GMT', 'HST', 'MET', 'MST', 'PRC', 'ROC', 'ROK', 'UCT', 'WET'],
]);

function daysIn(month: number, year: number): number {
  return new Date(Date.UTC(year, month, 0)).getUTCDate();
}

function assemble(parts: Parts, text: string, zone: Zone, nowMs: number): bigint {
  let { hour, year, month, day } = parts;
  if (parts.afternoon === true && hour < 12) hour += 12;
  if (parts.afternoon === false && hour === 12) hour = 0;
  if (parts.yearDay > 0 && month === 0) {
    const date = new Date(Date.UTC(year, 0, parts.yearDay));
    month = date.getUTCMonth() + 1;
    day = date.getUTCDate();
  }
  if (month === 0) month = 1;
  if (day === 0) day = 1;
  if (day > daysIn(month, year === 0 ? 2000 : year)) throw cannot(text, 'day out of range');
  const offset = offsetOf(parts, text, zone);
  const toMs = (y: number): number => {
    const date = new Date(0);
    date.setUTCFullYear(y, month - 1, day);
    date.setUTCHours(hour, parts.minute, parts.second, 0);
    return typeof offset === 'number' ? date.getTime() - offset : fromLocal(date.getTime(), offset);
  };
  if (year === 0) {
    year = new Date(nowMs + zone.offsetAt(nowMs)).getUTCFullYear();
    if (toMs(year) > nowMs + 7 * dayMs) year -= 1;
  }
  return BigInt(toMs(year)) * 1_000_000n + BigInt(parts.ns);
}

/** The offset in milliseconds, or the zone that says it. */
function offsetOf(parts: Parts, text: string, zone: Zone): number | Zone {
  if (parts.offsetMs !== undefined) return parts.offsetMs;
  if (parts.zone === '') return zone;
  const signed = /^(?:GMT)?([+-]\d{1,2})$/.exec(parts.zone);
  if (signed !== null) return Number(signed[1]) * 3_600_000;
  try {
    if (!zoneAbbreviations.has(parts.zone)) throw new Error(`unknown time zone ${parts.zone}`);
    return loadZone(parts.zone);
  } catch (error) {
    throw cannot(text, `failed to load location ${parts.zone}: ${(error as Error).message}`);
  }
}
