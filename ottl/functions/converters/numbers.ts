import { OttlRuntimeError } from '../../errors.ts';
import { defineFunction, type OttlFunction } from '../types.ts';
import { parseInteger } from './parse-integer.ts';

/** Luhn's check digit, spaces aside. @throws OttlRuntimeError for what is no digit */
function isValidLuhn(text: string): boolean {
  const digits = text.replaceAll(' ', '');
  let sum = 0;
  for (let i = 0; i < digits.length; i += 1) {
    // from the right, as the first character that is no digit is named
    const char = digits[digits.length - 1 - i]!;
    if (char < '0' || char > '9') {
      throw new OttlRuntimeError(`strconv.Atoi: parsing "${char}": invalid syntax`);
    }
    const value = Number(char) * (i % 2 === 0 ? 1 : 2);
    sum += value > 9 ? value - 9 : value;
  }
  return digits !== '' && sum % 10 === 0;
}

/** Bool, Double, Int, String, ParseInt, Hex, Log and IsValidLuhn. */
export const numberConverters: readonly OttlFunction[] = [
  defineFunction({
    name: 'Bool',
    parameters: [{ name: 'target', type: 'boolLike' }],
    make: ({ target }) => target.get.bind(target),
  }),
  defineFunction({
    name: 'Double',
    parameters: [{ name: 'target', type: 'floatLike' }],
    make: ({ target }) => target.get.bind(target),
  }),
  defineFunction({
    name: 'Int',
    parameters: [{ name: 'target', type: 'intLike' }],
    make: ({ target }) => target.get.bind(target),
  }),
  defineFunction({
    name: 'String',
    parameters: [{ name: 'target', type: 'stringLike' }],
    make: ({ target }) => target.get.bind(target),
  }),
  defineFunction({
    name: 'ParseInt',
    parameters: [
      { name: 'target', type: 'string' },
      { name: 'base', type: 'int' },
    ],
    make: ({ target, base }) => {
      return (place) => {
        const text = target.get(place);
        if (text === '') {
          throw new OttlRuntimeError(
            'invalid target value for ParseInt function, target cannot be empty',
          );
        }
        const radix = base.get(place);
        if (radix < 0n) {
          throw new OttlRuntimeError(
            `invalid base value: ${radix} for ParseInt function, base cannot be negative`,
          );
        }
        return parseInteger(text, Number(radix));
      };
    },
  }),
  defineFunction({
    name: 'Hex',
    parameters: [{ name: 'target', type: 'bytesLike' }],
    make: ({ target }) => {
      return (place) => Buffer.from(target.get(place) ?? []).toString('hex');
    },
  }),
  defineFunction({
    name: 'Log',
    parameters: [{ name: 'target', type: 'floatLike' }],
    make: ({ target }) => {
      return (place) => {
        const value = target.get(place);
        if (value === null) throw new OttlRuntimeError('invalid input: <nil>');
        if (value <= 0) {
          throw new OttlRuntimeError(
            `invalid input: expected number greater than zero but got ${value}`,
          );
        }
        return Math.log(value);
      };
    },
  }),
  defineFunction({
    name: 'IsValidLuhn',
    parameters: [{ name: 'target', type: 'stringLike' }],
    make: ({ target }) => {
      return (place) => {
        const text = target.get(place);
        if (text === null) throw new OttlRuntimeError('invalid input: <nil>');
        return isValidLuhn(text);
      };
    },
  }),
];
