import { Untranslatable } from './untranslatable.ts';

const categories = new Set(
  (
    'C Cc Cf Co Cs L Ll Lm Lo Lt Lu M Mc Me Mn N Nd Nl No P Pc Pd Pe Pf Pi Po Ps ' +
    'S Sc Sk Sm So Z Zl Zp Zs'
  ).split(' '),
);
// What V8 takes but Go has otherwise or with other members.
const differing = new Set(['C', 'Cs', 'Co']);

/**
 * A Unicode class of Go as V8 writes it. @param name e.g. L, Lu, Greek
 *
 * @throws Untranslatable when V8 has none of that name, or one with other members
 */
export function propertyOf(name: string, negated: boolean): string {
  const letter = negated ? 'P' : 'p';
  if (differing.has(name)) throw new Untranslatable();
  if (categories.has(name)) return `\\${letter}{${name}}`;
  const text = `\\${letter}{Script=${name}}`;
  try {
    new RegExp(text, 'u');
  } catch {
    throw new Untranslatable();
  }
  return text;
}
