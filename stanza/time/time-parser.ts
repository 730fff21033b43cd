import { z } from 'zod';
import { typeName, type Value } from '../../expr/index.ts';
import type { Entry } from '../entry/entry.ts';
import { type Field, getField, printField } from '../entry/field.ts';
import { at, OperatorFault } from '../fault.ts';
import { field } from '../schema.ts';
import { type Chunk, splitLayout, splitStrptime } from './chunks.ts';
import { parseTime } from './parse-time.ts';
import { loadZone, local, utc, type Zone } from './zone.ts';

/** Keys of a time parser. */
export const timeKeys = {
  parse_from: field().optional(),
  layout: z.string().default(''),
  layout_type: z.string().default('strptime'),
  location: z.string().default(''),
};

const timeObject = z.looseObject(timeKeys);

/** `timestamp:` of a parser. */
export const timeSection = () => timeObject.optional();

type TimeConfig = z.output<typeof timeObject>;

/** Sets an entry's timestamp. @throws Error that says why it cannot */
export type TimeParser = (entry: Entry, nowMs: number) => void;

/** The field's value. @throws Error when the entry has none */
export function needField(entry: Entry, from: Field): Value {
  const value = getField(entry, from);
  if (value !== undefined) return value;
  throw new Error(`log entry does not have the expected parse_from field ${printField(from)}`);
}

/**
 * Checks the keys of a time parser.
 * @throws OperatorFault
 */
export function timeParser(config: TimeConfig): TimeParser {
  const { parse_from: from, layout } = config;
  if (from === undefined) {
    throw new OperatorFault("missing required parameter 'parse_from'", ['parse_from']);
  }
  const type = config.layout_type === '' ? 'strptime' : config.layout_type;
  if (layout === '' && type !== 'native') {
    throw new OperatorFault('missing required configuration parameter `layout`', ['layout']);
  }
  if (type === 'epoch') {
    const read = epochReader(layout);
    return (entry) => {
      entry.timestamp = read(needField(entry, from));
    };
  }
  if (type !== 'gotime' && type !== 'strptime') {
    const message = `unsupported layout_type ${type}: valid values are 'strptime', 'gotime', and 'epoch'`;
    throw new OperatorFault(message, ['layout_type']);
  }
  const chunks = at('layout', () => layoutChunks(type, layout));
  const zone = at('location', () => zoneOf(config.location, layout));
  return (entry, nowMs) => {
    entry.timestamp = parseTime(chunks, timeText(needField(entry, from)), zone, nowMs);
  };
}

/** @throws Error for a layout that cannot be used */
function layoutChunks(type: 'gotime' | 'strptime', layout: string): Chunk[] {
  if (type === 'strptime') {
    try {
      return splitStrptime(layout);
    } catch (error) {
      throw new Error(`invalid strptime layout: ${(error as Error).message}`);
    }
  }
  const wrong = /[^.,9]9+/.exec(layout);
  if (wrong !== null) {
    throw new Error(
      `invalid gotime layout: invalid fractional seconds directive: '${wrong[0]}'. must be preceded with '.' or ','`,
    );
  }
  return splitLayout(layout);
}

function zoneOf(location: string, layout: string): Zone {
  if (location !== '') {
    try {
      return loadZone(location);
    } catch (error) {
      throw new Error(
        `invalid 'location': failed to load location ${location}: ${(error as Error).message}`,
      );
    }
  }
  return /(?:^|[^%])Z$|%Z$/.test(layout) ? utc : local;
}

/** The text of a value that a time is read from. @throws Error for another type */
export function timeText(value: Value): string {
  if (typeof value === 'string') return value;
  if (value instanceof Uint8Array) return Buffer.from(value).toString();
  throw new Error(`type ${typeName(value)} cannot be parsed as a time`);
}

const unitNs: Readonly<Record<string, bigint>> = {
  s: 1_000_000_000n,
  ms: 1_000_000n,
  us: 1_000n,
  ns: 1n,
};
const digitsOf: Readonly<Record<string, number>> = { ms: 3, us: 6, ns: 9 };

function epochReader(layout: string): (value: Value) => bigint {
  const whole = unitNs[layout];
  const sub = /^s\.(ms|us|ns)$/.exec(layout)?.[1];
  if (whole === undefined && sub === undefined) {
    const message =
      "invalid `layout` for `epoch` type: specify 's', 'ms', 'us', 'ns', 's.ms', 's.us', or 's.ns'";
    throw new OperatorFault(message, ['layout']);
  }
  const integer = /^[+-]?\d+$/;
  return (value) => {
    const stamp = epochText(value, sub);
    const parts = sub === undefined ? [stamp] : stamp.split('.');
    const wanted = sub === undefined ? 1 : 2;
    if (parts.length !== wanted || !parts.every((part) => integer.test(part))) {
      throw new Error(`invalid value '${stamp}' for layout '${layout}'`);
    }
    const numbers = parts.map((part) => BigInt(part.replace(/^\+/, '')));
    if (numbers.some((n) => BigInt.asIntN(64, n) !== n)) {
      throw new Error(`invalid value '${stamp}' for layout '${layout}'`);
    }
    if (sub === undefined) return numbers[0]! * whole!;
    // Digits behind the point are units of `sub`, as they stand there.
    return numbers[0]! * 1_000_000_000n + numbers[1]! * unitNs[sub]!;
  };
}

function epochText(value: Value, sub: string | undefined): string {
  if (typeof value === 'string') return value;
  if (value instanceof Uint8Array) return Buffer.from(value).toString();
  if (typeof value === 'bigint') return sub === undefined ? String(value) : `${value}.0`;
  if (typeof value === 'number') {
    return sub === undefined
      ? String(BigInt(Math.trunc(value)))
      : value.toFixed(digitsOf[sub]).padStart(10);
  }
  throw new Error(`type ${typeName(value)} cannot be parsed as a time`);
}
