import { Secret } from './secret.ts';

/** Whether two decoded configurations say the same, secrets included. */
export function sameConfig(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  if (Object.getPrototypeOf(a) !== Object.getPrototypeOf(b)) return false;
  if (a instanceof Secret) return a.reveal() === (b as Secret).reveal();
  if (a instanceof RegExp || a instanceof Date) return String(a) === String(b);
  if (a instanceof Map) return sameConfig([...a], [...(b as typeof a)]);
  if (a instanceof Set) return sameConfig([...a], [...(b as typeof a)]);
  const keys = Object.keys(a);
  if (keys.length !== Object.keys(b).length) return false;
  return keys.every(
    (key) => Object.hasOwn(b, key) && sameConfig(Reflect.get(a, key), Reflect.get(b, key)),
  );
}
