import type { Comparison } from './grammar/ast.ts';
import { OttlDuration, OttlId, OttlOpaque, OttlTime, type OttlValue } from './values.ts';

/** Whether two values of one type stand so to each other. */
export function ordered<T extends number | bigint | string>(
  a: T,
  b: T,
  operator: Comparison,
): boolean {
  switch (operator) {
    case '==':
      return a === b;
    case '!=':
      return a !== b;
    case '<':
      return a < b;
    case '<=':
      return a <= b;
    case '>':
      return a > b;
    case '>=':
      return a >= b;
  }
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0;
}

/** Equal in type and content; order of map keys aside. */
function sameValue(a: OttlValue, b: OttlValue): boolean {
  if (a === b) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  if (a instanceof Uint8Array) return b instanceof Uint8Array && sameBytes(a, b);
  if (Array.isArray(a)) {
    if (!Array.isArray(b) || a.length !== b.length) return false;
    return a.every((element, i) => sameValue(element, b[i]!));
  }
  if (a instanceof Map) {
    if (!(b instanceof Map) || a.size !== b.size) return false;
    for (const [key, value] of a) {
      const other = b.get(key);
      if (other === undefined || !sameValue(value, other)) return false;
    }
    return true;
  }
  if (a instanceof OttlTime) return b instanceof OttlTime && a.nanos === b.nanos;
  if (a instanceof OttlDuration) return b instanceof OttlDuration && a.nanos === b.nanos;
  if (a instanceof OttlId) {
    return b instanceof OttlId && a.kind === b.kind && sameBytes(a.bytes, b.bytes);
  }
  if (!(b instanceof OttlOpaque) || a.kind !== b.kind) return false;
  if (a.messages.length !== b.messages.length) return false;
  return a.messages.every((message, i) => sameBytes(message, b.messages[i]!));
}

function isNumber(value: OttlValue): value is number | bigint {
  return typeof value === 'number' || typeof value === 'bigint';
}

/** Texts are ordered by their UTF-8 bytes. */
function compareTexts(a: string, b: string, operator: Comparison): boolean {
  if (operator === '==') return a === b;
  if (operator === '!=') return a !== b;
  return ordered(Buffer.compare(Buffer.from(a), Buffer.from(b)), 0, operator);
}

/**
 * The language's comparison. Values of different types differ and have no order, but for integers
 * beside doubles; nil equals nil.
 */
export function compareValues(a: OttlValue, b: OttlValue, operator: Comparison): boolean {
  if (a === null && b === null)
    return operator === '==' || (operator.length === 2 && operator !== '!=');
  if (isNumber(a) && isNumber(b)) {
    if (typeof a === typeof b) return ordered(a, b as typeof a, operator);
    return ordered(Number(a), Number(b), operator);
  }
  if (typeof a === 'string' && typeof b === 'string') return compareTexts(a, b, operator);
  if (typeof a === 'boolean' && typeof b === 'boolean') {
    return ordered(Number(a), Number(b), operator);
  }
  if (a instanceof Uint8Array && b instanceof Uint8Array) {
    return ordered(Buffer.compare(a, b), 0, operator);
  }
  if (a instanceof OttlTime && b instanceof OttlTime) return ordered(a.nanos, b.nanos, operator);
  if (a instanceof OttlDuration && b instanceof OttlDuration) {
    return ordered(a.nanos, b.nanos, operator);
  }
  if (operator === '==') return sameValue(a, b);
  return operator === '!=' && !sameValue(a, b);
}
