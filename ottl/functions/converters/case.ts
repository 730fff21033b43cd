import { defineFunction, type Getter, type OttlFunction } from '../types.ts';
import { camelCase, snakeCase, toLower, toUpper } from './go-text.ts';

const cases: Readonly<Record<string, (text: string) => string>> = {
  lower: toLower,
  upper: toUpper,
  snake: snakeCase,
  camel: camelCase,
};

function caseConverter(name: string, convert: (text: string) => string): OttlFunction {
  return defineFunction({
    name,
    parameters: [{ name: 'target', type: 'string' }],
    make:
      ({ target }: { target: Getter<string> }) =>
      (place) =>
        convert(target.get(place)),
  });
}

/** ConvertCase and the converters that have one case in their name. */
export const caseConverters: readonly OttlFunction[] = [
  defineFunction({
    name: 'ConvertCase',
    parameters: [
      { name: 'target', type: 'string' },
      { name: 'to_case', type: 'literalString' },
    ],
    make({ target, to_case }) {
      const convert = Object.hasOwn(cases, to_case) ? cases[to_case] : undefined;
      if (convert === undefined) {
        throw new Error(`invalid case: ${to_case}, allowed cases are: lower, upper, snake, camel`);
      }
      return (place) => convert(target.get(place));
    },
  }),
  caseConverter('ToLowerCase', toLower),
  caseConverter('ToUpperCase', toUpper),
  caseConverter('ToSnakeCase', snakeCase),
  caseConverter('ToCamelCase', camelCase),
];
