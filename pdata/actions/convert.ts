import { createHash } from 'node:crypto';
import { ValueType, type ValueView } from '../readers/value-view.ts';
import { type AttributeValue, Double } from '../values.ts';

/** What action `convert` can make of a value; names as `converted_type` has them. */
export type ConvertedType = 'int' | 'double' | 'string' | 'bool';

const minInt64 = -(2n ** 63n);
const maxInt64 = 2n ** 63n - 1n;

function toInt(value: ValueView): bigint | undefined {
  switch (value.type) {
    case ValueType.double: {
      const whole = Math.trunc(value.number());
      if (!Number.isFinite(whole)) return minInt64;
      const exact = BigInt(whole);
      return exact < minInt64 || exact > maxInt64 ? minInt64 : exact;
    }
    case ValueType.bool:
      return value.bool() ? 1n : 0n;
    case ValueType.string: {
      const text = value.string();
      if (!/^[+-]?[0-9]{1,40}$/.test(text)) return undefined;
      const exact = text.startsWith('+') ? BigInt(text.slice(1)) : BigInt(text);
      return exact < minInt64 || exact > maxInt64 ? undefined : exact;
    }
    default:
      return undefined;
  }
}

function parseFloatText(text: string): number | undefined {
  if (/^[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?$/.test(text)) {
    const value = Number(text);
    return Number.isFinite(value) ? value : undefined;
  }
  const special = /^([+-]?)(inf|infinity|nan)$/i.exec(text);
  if (special === null) return undefined;
  if (special[2]?.toLowerCase() === 'nan') return special[1] === '' ? Number.NaN : undefined;
  return special[1] === '-' ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
}

function toDouble(value: ValueView): Double | undefined {
  switch (value.type) {
    case ValueType.int:
      return new Double(Number(value.bigint()));
    case ValueType.bool:
      return new Double(value.bool() ? 1 : 0);
    case ValueType.string: {
      const number = parseFloatText(value.string());
      return number === undefined ? undefined : new Double(number);
    }
    default:
      return undefined;
  }
}

function toBool(value: ValueView): boolean | undefined {
  switch (value.type) {
    case ValueType.int:
    case ValueType.double:
      return value.number() !== 0;
    case ValueType.string: {
      const text = value.string();
      if (/^(1|t|T|true|TRUE|True)$/.test(text)) return true;
      return /^(0|f|F|false|FALSE|False)$/.test(text) ? false : undefined;
    }
    default:
      return undefined;
  }
}

/** The value in another type, undefined when it has it already or cannot be converted. */
export function converted(value: ValueView, to: ConvertedType): AttributeValue | undefined {
  if (to === 'string') return value.type === ValueType.string ? undefined : value.toText();
  if (to === 'int') return toInt(value);
  if (to === 'double') return toDouble(value);
  return toBool(value);
}

/**
 * SHA-256 of a value in lower hex: of a string's UTF-8, a bool's byte, an int's or double's eight
 * bytes (little endian). '' for the empty string and for other types.
 */
export function hashed(value: ValueView): string {
  let data: Uint8Array;
  switch (value.type) {
    case ValueType.string:
      data = value.bytes.subarray(value.contentStart, value.contentEnd);
      break;
    case ValueType.bool:
      data = Uint8Array.of(value.lo);
      break;
    case ValueType.int:
    case ValueType.double: {
      const eight = Buffer.alloc(8);
      eight.writeUInt32LE(value.lo, 0);
      eight.writeUInt32LE(value.hi, 4);
      data = eight;
      break;
    }
    default:
      return '';
  }
  return data.length === 0 ? '' : createHash('sha256').update(data).digest('hex');
}
