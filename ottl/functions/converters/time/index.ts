import { OttlRuntimeError } from '../../../errors.ts';
import { quote } from '../../../grammar/quote.ts';
import { type OttlDuration, OttlTime, type OttlZone, utc } from '../../../values.ts';
import {
  defineFunction,
  type Environment,
  type Evaluate,
  type Getter,
  type OttlFunction,
} from '../../types.ts';
import { type Civil, civilFromSeconds, secondsFromCivil, weekdayOf } from './civil.ts';
import { parseDuration } from './duration.ts';
import { localCivil, splitNanos } from './format-layout.ts';
import { type Locale, localeOf, translate } from './locales.ts';
import { localSeconds, type Mismatch, parseTime } from './parse-layout.ts';
import { checkFormat, FormatReader, type Tried, timeFormatter } from './strptime.ts';
import { Zones } from './zones.ts';

const billion = 1_000_000_000n;

function ofTime(name: string, read: (time: OttlTime) => bigint): OttlFunction {
  return defineFunction({
    name,
    parameters: [{ name: 'time', type: 'time' }],
    make: ({ time }: { time: Getter<OttlTime> }) => {
      return (place) => read(time.get(place));
    },
  });
}

function ofCivil(name: string, field: keyof Civil): OttlFunction {
  return ofTime(name, (time) => BigInt(localCivil(time)[field]));
}

function ofDuration(name: string, read: (nanos: bigint) => number | bigint): OttlFunction {
  return defineFunction({
    name,
    parameters: [{ name: 'duration', type: 'duration' }],
    make: ({ duration }: { duration: Getter<OttlDuration> }) => {
      return (place) => read(duration.get(place).nanos);
    },
  });
}

/** Whole units and the rest apart, as floating point would lose the rest otherwise. */
function inUnits(unit: bigint): (nanos: bigint) => number {
  return (nanos) => Number(nanos / unit) + Number(nanos % unit) / Number(unit);
}

function floorDivide(nanos: bigint, unit: bigint): bigint {
  const quotient = nanos / unit;
  return nanos % unit < 0n ? quotient - 1n : quotient;
}

/** A time rounded down to a multiple of a duration since year 1. */
function truncated(time: OttlTime, step: bigint): OttlTime {
  if (step <= 0n) return time;
  const sinceYearOne = time.nanos + 62_135_596_800n * billion;
  const over = ((sinceYearOne % step) + step) % step;
  return new OttlTime(time.nanos - over, time.zone);
}

/** A time without a year gets this one, or the last where it would lie over a week ahead. */
function withYear(time: OttlTime, nowMs: number, local: OttlZone): OttlTime {
  const civil = localCivil(time);
  if (civil.year > 0) return time;
  const nowSeconds = Math.floor(nowMs / 1000);
  const year = civilFromSeconds(nowSeconds + local.at(nowSeconds).offset).year;
  const { over } = splitNanos(time.nanos);
  const inYear = (y: number): number =>
    localSeconds(secondsFromCivil({ ...civil, year: y }), time.zone);
  let seconds = inYear(year);
  if (seconds * 1000 > nowMs + 7 * 86_400_000) seconds = inYear(year - 1);
  return new OttlTime(BigInt(seconds) * billion + BigInt(over), time.zone);
}

function parseError(text: string, format: string, { layoutElement, rest, message }: Mismatch) {
  const wanted = `as ${quote(format)}: cannot parse ${quote(rest)} as ${quote(layoutElement)}`;
  return new OttlRuntimeError(`parsing time ${quote(text)}${message ?? ` ${wanted}`}`);
}

/** Reads a text by one layout; names of zones that the own zone lacks are looked up. */
function readLayout(
  text: string,
  chunks: Parameters<typeof parseTime>[1],
  zone: OttlZone,
  zones: Zones,
): Tried<OttlTime> {
  const parsed = parseTime(text, chunks, zone);
  if ('mismatch' in parsed) return parsed;
  const { time } = parsed;
  const { seconds } = splitNanos(time.nanos);
  const { offset, abbreviation } = time.zone.at(seconds);
  const own = zone.at(seconds).abbreviation;
  if (offset !== 0 || abbreviation === 'UTC' || abbreviation === own) return { value: time };
  const there = zones.load(abbreviation);
  if (there === undefined) {
    const why = `failed to load location ${abbreviation}: unknown time zone ${abbreviation}`;
    throw new OttlRuntimeError(why);
  }
  const again = parseTime(text, chunks, there);
  return { value: 'time' in again ? again.time : time };
}

function makeTime(
  args: { time: Getter<string>; format: string; location?: string; locale?: string },
  { clock }: Environment,
): Evaluate {
  const { format } = args;
  if (format === '') throw new Error('format cannot be nil');
  const zones = new Zones();
  const zone = zoneOf(args.location, format, zones);
  const locale: Locale | undefined = args.locale === undefined ? undefined : localeOf(args.locale);
  checkFormat(format);
  const reader = new FormatReader(format);
  return (place) => {
    const text = args.time.get(place);
    if (text === '') throw new OttlRuntimeError('time cannot be nil');
    const tried = reader.read((layout, chunks) => {
      if (locale === undefined) return readLayout(text, chunks, zone, zones);
      const english = translate(layout, text, locale);
      return 'mismatch' in english ? english : readLayout(english.text, chunks, zone, zones);
    });
    if ('mismatch' in tried) throw parseError(text, format, tried.mismatch);
    return withYear(tried.value, clock.unixMs(), zones.local());
  };
}

function zoneOf(location: string | undefined, format: string, zones: Zones): OttlZone {
  if (location === undefined || location === '') {
    return format.endsWith('Z') ? utc : zones.local();
  }
  const zone = zones.load(location);
  if (zone === undefined) {
    throw new Error(`failed to load location ${location}: unknown time zone ${location}`);
  }
  return zone;
}

/** Parts of times, numbers of them since 1970, and durations in units. */
const simple: readonly OttlFunction[] = [
  ofCivil('Year', 'year'),
  ofCivil('Month', 'month'),
  ofCivil('Day', 'day'),
  ofCivil('Hour', 'hour'),
  ofCivil('Minute', 'minute'),
  ofCivil('Second', 'second'),
  ofTime('Nanosecond', ({ nanos }) => BigInt(splitNanos(nanos).over)),
  ofTime('Weekday', ({ nanos, zone }) => {
    const { seconds } = splitNanos(nanos);
    return BigInt(weekdayOf(seconds + zone.at(seconds).offset));
  }),
  ofTime('UnixSeconds', ({ nanos }) => floorDivide(nanos, billion)),
  ofTime('UnixMilli', ({ nanos }) => floorDivide(nanos, 1_000_000n)),
  ofTime('UnixMicro', ({ nanos }) => floorDivide(nanos, 1000n)),
  ofTime('UnixNano', ({ nanos }) => BigInt.asIntN(64, nanos)),
  ofDuration('Hours', inUnits(3600n * billion)),
  ofDuration('Minutes', inUnits(60n * billion)),
  ofDuration('Seconds', inUnits(billion)),
  ofDuration('Milliseconds', (nanos) => nanos / 1_000_000n),
  ofDuration('Microseconds', (nanos) => nanos / 1000n),
  ofDuration('Nanoseconds', (nanos) => nanos),
];

/** Time, FormatTime, Now, Unix, Duration, TruncateTime and what takes times apart. */
export const timeConverters: readonly OttlFunction[] = [
  ...simple,
  defineFunction({
    name: 'Time',
    parameters: [
      { name: 'time', type: 'string' },
      { name: 'format', type: 'literalString' },
      { name: 'location', type: 'literalString', optional: true },
      { name: 'locale', type: 'literalString', optional: true },
    ],
    make: ({ time, format, location, locale }, environment) =>
      makeTime(
        {
          time,
          format,
          ...(location !== undefined && { location }),
          ...(locale !== undefined && { locale }),
        },
        environment,
      ),
  }),
  defineFunction({
    name: 'FormatTime',
    parameters: [
      { name: 'time', type: 'time' },
      { name: 'format', type: 'literalString' },
    ],
    make({ time, format }) {
      if (format === '') throw new Error('format cannot be nil');
      checkFormat(format);
      const show = timeFormatter(format);
      return (place) => show(time.get(place));
    },
  }),
  defineFunction({
    name: 'Now',
    parameters: [],
    make(_, { clock }) {
      const zone = new Zones().local();
      return () => new OttlTime(BigInt(Math.round(clock.unixMs() * 1000)) * 1000n, zone);
    },
  }),
  defineFunction({
    name: 'Unix',
    parameters: [
      { name: 'seconds', type: 'int' },
      { name: 'nanoseconds', type: 'int', optional: true },
    ],
    make({ seconds, nanoseconds }) {
      const zone = new Zones().local();
      return (place) =>
        new OttlTime(seconds.get(place) * billion + (nanoseconds?.get(place) ?? 0n), zone);
    },
  }),
  defineFunction({
    name: 'Duration',
    parameters: [{ name: 'duration', type: 'string' }],
    make: ({ duration }) => {
      return (place) => {
        const text = duration.get(place);
        try {
          return parseDuration(text);
        } catch (error) {
          throw new OttlRuntimeError((error as Error).message);
        }
      };
    },
  }),
  defineFunction({
    name: 'TruncateTime',
    parameters: [
      { name: 'time', type: 'time' },
      { name: 'duration', type: 'duration' },
    ],
    make: ({ time, duration }) => {
      return (place) => {
        const value = time.get(place);
        return truncated(value, duration.get(place).nanos);
      };
    },
  }),
];
