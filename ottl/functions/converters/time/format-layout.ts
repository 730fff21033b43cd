import type { OttlTime } from '../../../values.ts';
import { type Civil, civilFromSeconds, weekdayOf, yearDayOf } from './civil.ts';
import { type Chunk, dayNames, monthNames } from './layout.ts';

const billion = 1_000_000_000n;

/** Whole seconds since 1970, rounded down, and the nanoseconds over. */
export function splitNanos(nanos: bigint): { seconds: number; over: number } {
  let over = nanos % billion;
  if (over < 0n) over += billion;
  return { seconds: Number((nanos - over) / billion), over: Number(over) };
}

/** The date and time that clocks show in a time's zone. */
export function localCivil(time: OttlTime): Civil {
  const { seconds } = splitNanos(time.nanos);
  return civilFromSeconds(seconds + time.zone.at(seconds).offset);
}

function padded(value: number, width: number, fill = '0'): string {
  const text = String(Math.abs(value)).padStart(width, fill);
  return value < 0 ? `-${text}` : text;
}

function offsetText(offset: number, layout: string): string {
  if (offset === 0 && layout.startsWith('Z')) return 'Z';
  const total = Math.abs(offset);
  const colon = layout.includes(':') ? ':' : '';
  let out = (offset < 0 ? '-' : '+') + padded(Math.floor(total / 3600), 2);
  const parts = layout.slice(1).replaceAll(':', '').length / 2;
  if (parts > 1) out += colon + padded(Math.floor(total / 60) % 60, 2);
  if (parts > 2) out += colon + padded(total % 60, 2);
  return out;
}

function zoneText(name: string, offset: number): string {
  return name === '' ? offsetText(offset, '-0700') : name;
}

function fractionText(over: number, text: string, field: 'fraction0' | 'fraction9'): string {
  const digits = padded(over, 9)
    .slice(0, text.length - 1)
    .padEnd(text.length - 1, '0');
  if (field === 'fraction0') return text[0] + digits;
  const shown = digits.replace(/0+$/, '');
  return shown === '' ? '' : text[0] + shown;
}

/** A time as a layout shows it. @param chunks from chunksOf */
export function formatTime(time: OttlTime, chunks: readonly Chunk[]): string {
  const { seconds, over } = splitNanos(time.nanos);
  const { offset, abbreviation } = time.zone.at(seconds);
  const local = seconds + offset;
  const civil = civilFromSeconds(local);
  let out = '';
  for (const { prefix, field, text } of chunks) {
    out += prefix;
    if (field === undefined) break;
    if (field === 'offset') out += offsetText(offset, text);
    else if (field === 'zoneName') out += zoneText(abbreviation, offset);
    else if (field === 'fraction0' || field === 'fraction9') out += fractionText(over, text, field);
    else out += civilText(field, civil, local);
  }
  return out;
}

type CivilField = Exclude<
  NonNullable<Chunk['field']>,
  'offset' | 'zoneName' | 'fraction0' | 'fraction9'
>;

function civilText(field: CivilField, civil: Civil, local: number): string {
  const hour12 = civil.hour % 12 === 0 ? 12 : civil.hour % 12;
  switch (field) {
    case 'year':
      return padded(((civil.year % 100) + 100) % 100, 2);
    case 'longYear':
      return padded(civil.year, 4);
    case 'month':
      return monthNames[civil.month - 1]!.slice(0, 3);
    case 'longMonth':
      return monthNames[civil.month - 1]!;
    case 'numMonth':
      return String(civil.month);
    case 'zeroMonth':
      return padded(civil.month, 2);
    case 'weekDay':
      return dayNames[weekdayOf(local)]!.slice(0, 3);
    case 'longWeekDay':
      return dayNames[weekdayOf(local)]!;
    case 'day':
      return String(civil.day);
    case 'underDay':
      return padded(civil.day, 2, ' ');
    case 'zeroDay':
      return padded(civil.day, 2);
    case 'underYearDay':
      return padded(yearDayOf(civil), 3, ' ');
    case 'zeroYearDay':
      return padded(yearDayOf(civil), 3);
    case 'hour':
      return padded(civil.hour, 2);
    case 'hour12':
      return String(hour12);
    case 'zeroHour12':
      return padded(hour12, 2);
    case 'minute':
      return String(civil.minute);
    case 'zeroMinute':
      return padded(civil.minute, 2);
    case 'second':
      return String(civil.second);
    case 'zeroSecond':
      return padded(civil.second, 2);
    case 'PM':
      return civil.hour >= 12 ? 'PM' : 'AM';
    case 'pm':
      return civil.hour >= 12 ? 'pm' : 'am';
  }
}
