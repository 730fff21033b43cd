import { OttlRuntimeError } from '../errors.ts';
import type { Evaluate, Getter } from '../functions/types.ts';
import type { MathOperator } from '../grammar/ast.ts';
import { OttlDuration, OttlTime, type OttlValue, typeName } from '../values.ts';

function doubles(a: number, b: number, operator: MathOperator): number {
  switch (operator) {
    case '+':
      return a + b;
    case '-':
      return a - b;
    case '*':
      return a * b;
    case '/':
      if (b === 0) throw new OttlRuntimeError('attempted to divide by 0');
      return a / b;
  }
}

function integers(a: bigint, b: bigint, operator: MathOperator): bigint {
  switch (operator) {
    case '+':
      return BigInt.asIntN(64, a + b);
    case '-':
      return BigInt.asIntN(64, a - b);
    case '*':
      return BigInt.asIntN(64, a * b);
    case '/':
      if (b === 0n) throw new OttlRuntimeError('attempted to divide by 0');
      return BigInt.asIntN(64, a / b);
  }
}

const onlySums = 'only addition and subtraction supported for time.Time and time.Duration';

function ofTime(a: OttlTime, b: OttlValue, operator: MathOperator): OttlValue {
  if (operator !== '+' && operator !== '-') throw new OttlRuntimeError(onlySums);
  const sign = operator === '+' ? 1n : -1n;
  if (b instanceof OttlDuration) return new OttlTime(a.nanos + sign * b.nanos, a.zone);
  if (operator === '-' && b instanceof OttlTime) return new OttlDuration(a.nanos - b.nanos);
  const rule =
    operator === '+'
      ? 'time.Time must be added to time.Duration'
      : 'time.Time or time.Duration must be subtracted from time.Time';
  throw new OttlRuntimeError(`${rule}; found ${typeName(b)} instead`);
}

function ofDuration(a: OttlDuration, b: OttlValue, operator: MathOperator): OttlValue {
  if (operator !== '+' && operator !== '-') throw new OttlRuntimeError(onlySums);
  const sign = operator === '+' ? 1n : -1n;
  if (b instanceof OttlDuration) return new OttlDuration(a.nanos + sign * b.nanos);
  if (operator === '+' && b instanceof OttlTime) return new OttlTime(b.nanos + a.nanos, b.zone);
  const rule =
    operator === '+'
      ? 'time.Duration must be added to time.Duration or time.Time'
      : 'time.Duration must be subtracted from time.Duration';
  throw new OttlRuntimeError(`${rule}; found ${typeName(b)} instead`);
}

function wrongType(value: OttlValue, types: string): OttlRuntimeError {
  return new OttlRuntimeError(`${typeName(value)} must be ${types}`);
}

function calculate(a: OttlValue, b: OttlValue, operator: MathOperator): OttlValue {
  if (typeof a === 'bigint') {
    if (typeof b === 'bigint') return integers(a, b, operator);
    if (typeof b === 'number') return doubles(Number(a), b, operator);
    throw wrongType(b, 'int64 or float64');
  }
  if (typeof a === 'number') {
    if (typeof b === 'number') return doubles(a, b, operator);
    if (typeof b === 'bigint') return doubles(a, Number(b), operator);
    throw wrongType(b, 'int64 or float64');
  }
  if (a instanceof OttlTime) return ofTime(a, b, operator);
  if (a instanceof OttlDuration) return ofDuration(a, b, operator);
  throw wrongType(a, 'int64, float64, time.Time or time.Duration');
}

/** Arithmetic on integers (64 bits, wrapping; division truncates), doubles, times, durations. */
export function binary(left: Getter, operator: MathOperator, right: Getter): Evaluate {
  return (place) => {
    const a = left.get(place);
    return calculate(a, right.get(place), operator);
  };
}

/**
 * Unary minus; the least int64 stays as it is, as in Go. @throws OttlRuntimeError, when run, for
 * other types
 */
export function negate(operand: Getter): Evaluate {
  return (place) => {
    const value = operand.get(place);
    if (typeof value === 'bigint') return BigInt.asIntN(64, -value);
    if (typeof value === 'number') return -value;
    throw new OttlRuntimeError(`unsupported unary minus operation on type ${typeName(value)}`);
  };
}
