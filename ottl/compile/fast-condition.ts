import { type MessageView, ValueType, type ValueView } from '../../pdata/readers.ts';
import { compileRegexp } from '../../pdata/regexp/index.ts';
import { compareValues, ordered } from '../compare.ts';
import type { Comparison } from '../grammar/ast.ts';
import type { Spot } from '../paths/access.ts';
import { readValue } from '../paths/bytes.ts';
import type { Place } from '../place.ts';
import { likeText } from '../text.ts';
import type { OttlValue } from '../values.ts';
import type { Compiler, Operand } from './compiler.ts';

/*
 * Comparisons of what lies in the bytes with a literal, without decoding it.
 */

type Test = (place: Place) => boolean;

/** The same comparison with its sides exchanged. */
const mirrored: Readonly<Record<Comparison, Comparison>> = {
  '==': '==',
  '!=': '!=',
  '<': '>',
  '<=': '>=',
  '>': '<',
  '>=': '<=',
};

/** @returns undefined when there is no faster way */
export function fastComparison(
  left: Operand,
  operator: Comparison,
  right: Operand,
): Test | undefined {
  const value = knownValue(right);
  if (left.path?.spot !== undefined && value !== undefined) {
    return spotTest(left.path.spot, operator, value);
  }
  const other = knownValue(left);
  if (right.path?.spot === undefined || other === undefined) return undefined;
  return spotTest(right.path.spot, mirrored[operator], other);
}

function knownValue(operand: Operand): OttlValue | undefined {
  return operand.isLiteral ? operand.get(undefined as never) : operand.constant;
}

function spotTest(spot: Spot, operator: Comparison, value: OttlValue): Test | undefined {
  switch (spot.kind) {
    case 'attribute': {
      const { view, key } = spot;
      const test = valueTest(operator, value);
      return (place) => {
        const message = view(place);
        return test(message.find(key) ? message.value : undefined);
      };
    }
    case 'any': {
      const { view, field } = spot;
      const test = valueTest(operator, value);
      return (place) => {
        const message = view(place);
        return test(message.findField(field) ? message.value : undefined);
      };
    }
    case 'text':
      return typeof value === 'string' ? textTest(spot, operator, value) : undefined;
    case 'number':
      return typeof value === 'bigint' ? numberTest(spot, operator, value) : undefined;
    default:
      return undefined;
  }
}

function textTest(
  { view, field }: Spot & { kind: 'text' },
  operator: Comparison,
  value: string,
): Test | undefined {
  if (operator !== '==' && operator !== '!=') return undefined;
  const wanted = new Uint8Array(Buffer.from(value));
  const equal = operator === '==';
  return (place) => sameText(view(place), field, wanted) === equal;
}

function sameText(message: MessageView, field: number, wanted: Uint8Array): boolean {
  if (!message.findField(field)) return wanted.length === 0;
  const { bytes, start, end } = message.value;
  if (end - start !== wanted.length) return false;
  for (let i = 0; i < wanted.length; i += 1) if (bytes[start + i] !== wanted[i]) return false;
  return true;
}

function numberTest(
  { view, field }: Spot & { kind: 'number' },
  operator: Comparison,
  value: bigint,
): Test {
  const wanted = Number(value);
  return (place) => {
    const message = view(place);
    message.uint(field);
    return ordered(message.lo | 0, wanted, operator);
  };
}

/** Compares an AnyValue in place (undefined = absent) with a value. */
function valueTest(
  operator: Comparison,
  wanted: OttlValue,
): (value: ValueView | undefined) => boolean {
  const equal = operator === '==';
  const exact = equal || operator === '!=';
  if (wanted === null && exact) {
    return (value) => (value === undefined || value.type === ValueType.empty) === equal;
  }
  if (typeof wanted === 'string' && exact) {
    const text = new Uint8Array(Buffer.from(wanted));
    return (value) => (value?.equalsString(text) ?? false) === equal;
  }
  if (typeof wanted === 'boolean' && exact) {
    return (value) => (value?.type === ValueType.bool && value.bool() === wanted) === equal;
  }
  const number = Number(wanted);
  if (typeof wanted === 'bigint' && Number.isSafeInteger(number)) {
    return integerTest(operator, number, wanted);
  }
  return (value) => compareValues(value === undefined ? null : readValue(value), wanted, operator);
}

function integerTest(
  operator: Comparison,
  wanted: number,
  exact: bigint,
): (value: ValueView | undefined) => boolean {
  const absent = operator === '!=';
  return (value) => {
    if (value === undefined) return absent;
    const { type } = value;
    if (type !== ValueType.int && type !== ValueType.double) return absent;
    const number = value.number();
    // beyond 2^53 the number is not exact, but neither is it near the literal
    if (type === ValueType.double || Number.isSafeInteger(number)) {
      return ordered(number, wanted, operator);
    }
    return compareValues(value.bigint(), exact, operator);
  };
}

/** `IsMatch(path, "pattern")` on the bytes of a text. */
export function fastCondition(compiler: Compiler, operand: Operand): Test | undefined {
  const { call } = operand;
  if (call?.name !== 'IsMatch' || call.arguments.length !== 2) return undefined;
  const [target, pattern] = call.arguments.map(({ value }) => value);
  if (target?.kind !== 'path' || pattern?.kind !== 'string') return undefined;
  const { spot } = compiler.access(target);
  if (spot?.kind !== 'attribute' && spot?.kind !== 'text' && spot?.kind !== 'any') return undefined;
  const regexp = compileRegexp(pattern.value);
  const { view } = spot;
  if (spot.kind === 'text') {
    const { field } = spot;
    return (place) => {
      const message = view(place);
      if (!message.findField(field)) return regexp.test('');
      return regexp.testBytes(message.value.bytes, message.value.start, message.value.end);
    };
  }
  const found =
    spot.kind === 'attribute'
      ? (message: MessageView) => message.find(spot.key)
      : (message: MessageView) => message.findField(spot.field);
  return (place) => {
    const message = view(place);
    if (!found(message)) return false;
    const { value } = message;
    if (value.type === ValueType.string) {
      return regexp.testBytes(value.bytes, value.contentStart, value.contentEnd);
    }
    const text = likeText(readValue(value));
    return text !== null && regexp.test(text);
  };
}
