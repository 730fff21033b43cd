import { OttlTime, type OttlZone, utc } from '../../../values.ts';
import { daysIn, secondsFromCivil } from './civil.ts';
import { type Chunk, dayNames, type Field, monthNames } from './layout.ts';
import { fixedZone, offsetOfName } from './zones.ts';

/** Why a text is not of a layout: where it stopped and what was wanted there. */
export interface Mismatch {
  readonly layoutElement: string;
  readonly rest: string;
  /** instead of "cannot parse ... as ..." */
  readonly message?: string;
}

class MismatchError extends Error {
  readonly mismatch: Mismatch;
  constructor(mismatch: Mismatch) {
    super();
    this.mismatch = mismatch;
  }
}

/** Thrown within a field: it cannot be read, or its number is too large. */
class FieldError extends Error {}

/** What the fields of a text say so far. */
interface Reading {
  rest: string;
  year: number;
  month: number;
  day: number;
  yearDay: number;
  hour: number;
  minute: number;
  second: number;
  nanos: number;
  half: 'am' | 'pm' | undefined;
  isUtc: boolean;
  offset: number | undefined;
  zoneName: string;
}

/** A time read from a text, or why it was not. */
export type Parsed = { readonly time: OttlTime } | { readonly mismatch: Mismatch };

/**
 * Reads a text by a layout as Go's time.ParseInLocation does. What the layout lacks is the first
 * month, day ... of year 0; without an offset the text is in `zone`.
 */
export function parseTime(text: string, chunks: readonly Chunk[], zone: OttlZone): Parsed {
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = 0;
  try {
    return { time: read(text, chunks, zone) };
  } catch (error) {
    if (error instanceof MismatchError) return { mismatch: error.mismatch };
    throw error;
  } finally {
    Error.stackTraceLimit = limit;
  }
}

function read(text: string, chunks: readonly Chunk[], zone: OttlZone): OttlTime {
  const reading: Reading = {
    rest: text,
    year: 0,
    month: -1,
    day: -1,
    yearDay: -1,
    hour: 0,
    minute: 0,
    second: 0,
    nanos: 0,
    half: undefined,
    isUtc: false,
    offset: undefined,
    zoneName: '',
  };
  chunks.forEach((chunk, i) => {
    skip(reading, chunk.prefix);
    if (chunk.field === undefined) {
      if (reading.rest !== '') {
        const message = `: extra text: ${JSON.stringify(reading.rest)}`;
        throw new MismatchError({ layoutElement: '', rest: reading.rest, message });
      }
      return;
    }
    readChunk(reading, chunk, chunks[i + 1]?.field);
  });
  return resolve(reading, zone);
}

/** Leaves out the text before a field; blanks stand for any number of blanks. */
function skip(reading: Reading, prefix: string): void {
  const { rest } = reading;
  let at = 0;
  for (let i = 0; i < prefix.length; ) {
    if (prefix[i] === ' ') {
      if (at < rest.length && rest[at] !== ' ') break;
      while (prefix[i] === ' ') i += 1;
      while (rest[at] === ' ') at += 1;
      if (i === prefix.length) {
        reading.rest = rest.slice(at);
        return;
      }
      continue;
    }
    if (rest[at] !== prefix[i]) break;
    at += 1;
    i += 1;
    if (i === prefix.length) {
      reading.rest = rest.slice(at);
      return;
    }
  }
  if (prefix !== '') throw new MismatchError({ layoutElement: prefix, rest: rest.slice(at) });
}

function readChunk(reading: Reading, chunk: Chunk, next: Field | undefined): void {
  const before = reading.rest;
  try {
    readField(reading, chunk.field!, chunk.text, next);
  } catch (error) {
    if (!(error instanceof FieldError)) throw error;
    const range = error.message === '' ? undefined : `: ${error.message} out of range`;
    throw new MismatchError({
      layoutElement: chunk.text,
      rest: range === undefined ? before : reading.rest,
      ...(range !== undefined && { message: range }),
    });
  }
}

function take(reading: Reading, pattern: RegExp): string {
  const match = pattern.exec(reading.rest);
  if (match === null) throw new FieldError();
  reading.rest = reading.rest.slice(match[0].length);
  return match[0];
}

const oneOrTwo = /^[0-9]{1,2}/;
const two = /^[0-9]{2}/;

function number(reading: Reading, fixed: boolean, low: number, high: number, what: string): number {
  const value = Number(take(reading, fixed ? two : oneOrTwo));
  if (value < low || value > high) throw new FieldError(what);
  return value;
}

function lookup(reading: Reading, names: readonly string[], length: number): number {
  for (let i = 0; i < names.length; i += 1) {
    const name = names[i]!.slice(0, length);
    if (reading.rest.slice(0, name.length).toLowerCase() === name.toLowerCase()) {
      reading.rest = reading.rest.slice(name.length);
      return i;
    }
  }
  throw new FieldError();
}

function readField(reading: Reading, field: Field, text: string, next: Field | undefined): void {
  switch (field) {
    case 'year': {
      const value = Number(take(reading, /^[0-9]{2}/));
      reading.year = value + (value >= 69 ? 1900 : 2000);
      return;
    }
    case 'longYear':
      reading.year = Number(take(reading, /^[0-9]{4}/));
      return;
    case 'month':
      reading.month = lookup(reading, monthNames, 3) + 1;
      return;
    case 'longMonth':
      reading.month = lookup(reading, monthNames, 99) + 1;
      return;
    case 'weekDay':
      lookup(reading, dayNames, 3);
      return;
    case 'longWeekDay':
      lookup(reading, dayNames, 99);
      return;
    case 'numMonth':
    case 'zeroMonth':
      reading.month = number(reading, field === 'zeroMonth', 1, 12, 'month');
      return;
    case 'underDay':
      if (reading.rest.startsWith(' ')) reading.rest = reading.rest.slice(1);
      reading.day = Number(take(reading, oneOrTwo));
      return;
    case 'day':
      reading.day = Number(take(reading, oneOrTwo));
      return;
    case 'zeroDay':
      reading.day = Number(take(reading, two));
      return;
    case 'underYearDay':
    case 'zeroYearDay': {
      const pattern = field === 'zeroYearDay' ? /^[0-9]{3}/ : /^(?: {2}[0-9]| [0-9]{2}|[0-9]{3})/;
      reading.yearDay = Number(take(reading, pattern));
      return;
    }
    case 'hour':
      reading.hour = number(reading, false, 0, 23, 'hour');
      return;
    case 'hour12':
    case 'zeroHour12':
      reading.hour = number(reading, field === 'zeroHour12', 0, 12, 'hour');
      return;
    case 'minute':
    case 'zeroMinute':
      reading.minute = number(reading, field === 'zeroMinute', 0, 59, 'minute');
      return;
    default:
      readOther(reading, field, text, next);
  }
}

type OtherField =
  | 'second'
  | 'zeroSecond'
  | 'PM'
  | 'pm'
  | 'zoneName'
  | 'offset'
  | 'fraction0'
  | 'fraction9';

function readOther(
  reading: Reading,
  field: OtherField,
  text: string,
  next: Field | undefined,
): void {
  switch (field) {
    case 'second':
    case 'zeroSecond':
      reading.second = number(reading, field === 'zeroSecond', 0, 59, 'second');
      // a fraction may follow that the layout does not know of
      if (next !== 'fraction0' && next !== 'fraction9' && /^[.,][0-9]/.test(reading.rest)) {
        reading.nanos = fraction(take(reading, /^[.,][0-9]+/));
      }
      return;
    case 'fraction0': {
      const digits = take(reading, new RegExp(`^[.,][0-9]{${text.length - 1}}`));
      reading.nanos = fraction(digits);
      return;
    }
    case 'fraction9':
      if (/^[.,][0-9]/.test(reading.rest)) reading.nanos = fraction(take(reading, /^[.,][0-9]+/));
      return;
    case 'PM':
      reading.half = take(reading, /^[AP]M/) === 'PM' ? 'pm' : 'am';
      return;
    case 'pm':
      reading.half = take(reading, /^[ap]m/) === 'pm' ? 'pm' : 'am';
      return;
    case 'zoneName':
      readZoneName(reading);
      return;
    case 'offset':
      readOffset(reading, text);
  }
}

/** Nanoseconds of `.` and digits; more than nine are cut. */
function fraction(text: string): number {
  return Number(text.slice(1, 10).padEnd(9, '0'));
}

function readOffset(reading: Reading, layout: string): void {
  if (layout.startsWith('Z') && reading.rest.startsWith('Z')) {
    reading.rest = reading.rest.slice(1);
    reading.isUtc = true;
    return;
  }
  const parts = layout.slice(1).replaceAll(':', '').length / 2;
  const between = layout.includes(':') ? ':' : '';
  const digits = '[0-9]{2}';
  const pattern = new RegExp(`^[+-]${new Array(parts).fill(digits).join(between)}`);
  const text = take(reading, pattern);
  const [hours = 0, minutes = 0, seconds = 0] = text
    .slice(1)
    .replaceAll(':', '')
    .match(/../g)!
    .map(Number);
  if (hours > 24) throw new FieldError('time zone offset hour');
  if (minutes > 60) throw new FieldError('time zone offset minute');
  if (seconds > 60) throw new FieldError('time zone offset second');
  const total = hours * 3600 + minutes * 60 + seconds;
  reading.offset = text[0] === '-' ? -total : total;
}

function readZoneName(reading: Reading): void {
  const { rest } = reading;
  if (rest.startsWith('UTC')) {
    reading.isUtc = true;
    reading.rest = rest.slice(3);
    return;
  }
  const length = zoneNameLength(rest);
  if (length === 0) throw new FieldError();
  reading.zoneName = rest.slice(0, length);
  reading.rest = rest.slice(length);
}

function signedOffsetLength(text: string): number {
  const match = /^[+-]([0-9]+)/.exec(text);
  return match === null || Number(match[1]) > 23 ? 0 : match[0].length;
}

/** How much of a text is the name of a zone: three to five capitals, `GMT+3`, `+03`. */
function zoneNameLength(text: string): number {
  if (text.length < 3) return 0;
  if (/^(?:ChST|MeST)/.test(text)) return 4;
  if (text.startsWith('GMT')) return 3 + signedOffsetLength(text.slice(3));
  if (/^[+-]/.test(text)) return signedOffsetLength(text);
  const capitals = /^[A-Z]{0,6}/.exec(text)![0].length;
  if (capitals === 5) return text[4] === 'T' ? 5 : 0;
  if (capitals === 4) return text[3] === 'T' || text.startsWith('WITA') ? 4 : 0;
  return capitals === 3 ? 3 : 0;
}

function outOfRange(reading: Reading, what: string): MismatchError {
  return new MismatchError({
    layoutElement: '',
    rest: reading.rest,
    message: `: ${what} out of range`,
  });
}

function resolveYearDay(reading: Reading): void {
  const { year, yearDay } = reading;
  let day = yearDay;
  let month = 1;
  while (month <= 12 && day > daysIn(year, month)) {
    day -= daysIn(year, month);
    month += 1;
  }
  if (yearDay < 1 || month > 12) throw outOfRange(reading, 'day-of-year');
  if (reading.month >= 0 && reading.month !== month) {
    throw new MismatchError({
      layoutElement: '',
      rest: reading.rest,
      message: ': day-of-year does not match month',
    });
  }
  if (reading.day >= 0 && reading.day !== day) {
    throw new MismatchError({
      layoutElement: '',
      rest: reading.rest,
      message: ': day-of-year does not match day',
    });
  }
  reading.month = month;
  reading.day = day;
}

function resolve(reading: Reading, zone: OttlZone): OttlTime {
  if (reading.half === 'pm' && reading.hour < 12) reading.hour += 12;
  else if (reading.half === 'am' && reading.hour === 12) reading.hour = 0;
  if (reading.yearDay >= 0) resolveYearDay(reading);
  if (reading.month < 0) reading.month = 1;
  if (reading.day < 0) reading.day = 1;
  if (reading.day < 1 || reading.day > daysIn(reading.year, reading.month)) {
    throw outOfRange(reading, 'day');
  }
  const seconds = secondsFromCivil(reading);
  const at = (unix: number, where: OttlZone): OttlTime =>
    new OttlTime(BigInt(unix) * 1_000_000_000n + BigInt(reading.nanos), where);
  if (reading.isUtc) return at(seconds, utc);
  if (reading.offset !== undefined) return withOffset(reading, seconds, zone, at);
  if (reading.zoneName !== '') return withName(reading, seconds, zone, at);
  return at(localSeconds(seconds, zone), zone);
}

/** Seconds since 1970 of what a zone's clocks show. */
export function localSeconds(seconds: number, zone: OttlZone): number {
  const { offset } = zone.at(seconds);
  return offset === 0 ? seconds : seconds - zone.at(seconds - offset).offset;
}

type At = (unix: number, where: OttlZone) => OttlTime;

function withOffset(reading: Reading, seconds: number, zone: OttlZone, at: At): OttlTime {
  const offset = reading.offset!;
  const unix = seconds - offset;
  const there = zone.at(unix);
  const fits = reading.zoneName === '' || there.abbreviation === reading.zoneName;
  if (there.offset === offset && fits) return at(unix, zone);
  return at(unix, fixedZone(reading.zoneName, offset));
}

function withName(reading: Reading, seconds: number, zone: OttlZone, at: At): OttlTime {
  const name = reading.zoneName;
  const offset = offsetOfName(zone, name, seconds);
  if (offset !== undefined) return at(seconds - offset, zone);
  // a name from elsewhere: its clocks are taken for UTC's
  const hours = /^GMT([+-][0-9]+)$/.exec(name);
  return at(seconds, fixedZone(name, hours === null ? 0 : Number(hours[1]) * 3600));
}
