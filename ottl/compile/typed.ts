import { OttlRuntimeError } from '../errors.ts';
import type { Getter } from '../functions/types.ts';
import type { Place } from '../place.ts';
import { likeText } from '../text.ts';
import {
  OttlDuration,
  type OttlList,
  type OttlMap,
  OttlTime,
  type OttlValue,
  typeName,
} from '../values.ts';

/*
 * Getters that want a value of one type, or make one of it. A literal of the wrong type is found
 * when the statement is compiled.
 */

function wrong(wanted: string, value: OttlValue): OttlRuntimeError {
  const got = value === null ? 'nil' : typeName(value);
  return new OttlRuntimeError(`expected ${wanted} but got ${got}`);
}

const toStrict = {
  string(value: OttlValue): string {
    if (typeof value !== 'string') throw wrong('string', value);
    return value;
  },
  int(value: OttlValue): bigint {
    if (typeof value !== 'bigint') throw wrong('int64', value);
    return value;
  },
  float(value: OttlValue): number {
    if (typeof value !== 'number') throw wrong('float64', value);
    return value;
  },
  bool(value: OttlValue): boolean {
    if (typeof value !== 'boolean') throw wrong('bool', value);
    return value;
  },
  map(value: OttlValue): OttlMap {
    if (!(value instanceof Map)) throw wrong('pcommon.Map', value);
    return value;
  },
  list(value: OttlValue): OttlList {
    if (!Array.isArray(value)) throw wrong('pcommon.Slice', value);
    return value;
  },
  time(value: OttlValue): OttlTime {
    if (!(value instanceof OttlTime)) throw wrong('time', value);
    return value;
  },
  duration(value: OttlValue): OttlDuration {
    if (!(value instanceof OttlDuration)) throw wrong('duration', value);
    return value;
  },
};

function unsupported(value: OttlValue): OttlRuntimeError {
  return new OttlRuntimeError(`unsupported type: ${typeName(value)}`);
}

const intText = /^[+-]?[0-9]+$/;
const maxInt = (1n << 63n) - 1n;

/** Decimal digits as a 64-bit integer; null for anything else. */
function parseInt64(text: string): bigint | null {
  if (!intText.test(text) || text.length > 40) return null;
  const value = BigInt(text.replace(/^\+/, ''));
  return value > maxInt || value < -maxInt - 1n ? null : value;
}

/** Towards zero; what 64 bits cannot hold becomes their least value, as on amd64. */
function truncate(value: number): bigint {
  if (Number.isNaN(value) || value >= 2 ** 63 || value < -(2 ** 63)) return -maxInt - 1n;
  return BigInt(Math.trunc(value));
}

const floatText =
  /^[+-]?(?:(?:[0-9](?:_?[0-9])*)?\.?(?:[0-9](?:_?[0-9])*)?(?:[eE][+-]?[0-9]+)?|inf(?:inity)?|nan)$/i;
const hexFloat = /^([+-]?)0x([0-9a-f]*)\.?([0-9a-f]*)p([+-]?[0-9]+)$/i;

/** @throws OttlRuntimeError for what is no number */
export function parseFloat64(text: string): number {
  const hex = hexFloat.exec(text);
  if (hex !== null && `${hex[2]}${hex[3]}` !== '') {
    const digits = Number.parseInt(`${hex[2]}${hex[3]}`, 16);
    const value = digits * 2 ** (Number(hex[4]) - 4 * hex[3]!.length);
    return hex[1] === '-' ? -value : value;
  }
  const valid = floatText.test(text) && /[0-9]|inf|nan/i.test(text);
  const plain = text.replace(/^\+/, '').replaceAll('_', '');
  const value = /inf/i.test(plain)
    ? plain.startsWith('-')
      ? Number.NEGATIVE_INFINITY
      : Number.POSITIVE_INFINITY
    : Number(plain);
  if (!valid || (Number.isNaN(value) && !/nan/i.test(plain))) {
    throw new OttlRuntimeError(`strconv.ParseFloat: parsing "${text}": invalid syntax`);
  }
  if (!Number.isFinite(value) && !/inf|nan/i.test(plain)) {
    throw new OttlRuntimeError(`strconv.ParseFloat: parsing "${text}": value out of range`);
  }
  return value;
}

const trueTexts = new Set(['1', 't', 'T', 'TRUE', 'true', 'True']);
const falseTexts = new Set(['0', 'f', 'F', 'FALSE', 'false', 'False']);

/** A truth value as Go's strconv.ParseBool reads it; undefined for another text. */
export function boolOf(text: string): boolean | undefined {
  if (trueTexts.has(text)) return true;
  return falseTexts.has(text) ? false : undefined;
}

function parseBool(text: string): boolean {
  const value = boolOf(text);
  if (value !== undefined) return value;
  throw new OttlRuntimeError(`strconv.ParseBool: parsing "${text}": invalid syntax`);
}

function bigEndian(value: bigint | number): Uint8Array {
  const bytes = new Uint8Array(8);
  const data = new DataView(bytes.buffer);
  if (typeof value === 'number') data.setFloat64(0, value);
  else data.setBigInt64(0, value);
  return bytes;
}

const toLike = {
  stringLike: likeText,
  intLike(value: OttlValue): bigint | null {
    if (value === null || typeof value === 'bigint') return value;
    if (typeof value === 'string') return parseInt64(value);
    if (typeof value === 'number') return truncate(value);
    if (typeof value === 'boolean') return value ? 1n : 0n;
    throw unsupported(value);
  },
  floatLike(value: OttlValue): number | null {
    if (value === null || typeof value === 'number') return value;
    if (typeof value === 'bigint') return Number(value);
    if (typeof value === 'string') return parseFloat64(value);
    if (typeof value === 'boolean') return value ? 1 : 0;
    throw unsupported(value);
  },
  boolLike(value: OttlValue): boolean | null {
    if (value === null || typeof value === 'boolean') return value;
    if (typeof value === 'bigint') return value !== 0n;
    if (typeof value === 'number') return value !== 0;
    if (typeof value === 'string') return parseBool(value);
    throw unsupported(value);
  },
  bytesLike(value: OttlValue): Uint8Array | null {
    if (value === null || value instanceof Uint8Array) return value;
    if (typeof value === 'string') return new Uint8Array(Buffer.from(value));
    if (typeof value === 'bigint' || typeof value === 'number') return bigEndian(value);
    if (typeof value === 'boolean') return Uint8Array.of(value ? 1 : 0);
    throw unsupported(value);
  },
};

const conversions = { ...toStrict, ...toLike };

/** Converters that give one type, whatever they are given. */
export type TypedName = keyof typeof conversions;

/** Whether the name is one of these; names are case-sensitive. */
export function isTyped(name: string): name is TypedName {
  return Object.hasOwn(conversions, name);
}

/**
 * A getter whose values are of a type.
 *
 * @throws OttlRuntimeError for a literal of another type
 */
export function typedGetter(name: TypedName, getter: Getter): Getter<unknown> {
  const convert = conversions[name] as (value: OttlValue) => unknown;
  if (getter.isLiteral) {
    const value = convert(getter.get(undefined as never));
    return { isLiteral: true, get: () => value };
  }
  return { isLiteral: false, get: (place: Place) => convert(getter.get(place)) };
}
