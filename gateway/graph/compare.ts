import { Secret } from '../../config/schema/secret.ts';
import type { NodePlan } from './plan.ts';

/**
 * Whether a running instance is what another configuration wants, too. What it sends to may differ:
 * outputs are bound anew while it runs.
 */
export function samePlan(a: NodePlan, b: NodePlan): boolean {
  if (a.name !== b.name || a.component.factory !== b.component.factory) return false;
  const keys = (plan: NodePlan): string => plan.outputs.map(({ key }) => key).join('\n');
  return keys(a) === keys(b) && sameConfig(a.config, b.config);
}

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

/** Whether a configuration names one of some extensions anywhere. */
export function namesExtension(config: unknown, ids: ReadonlySet<string>): boolean {
  if (ids.size === 0) return false;
  if (typeof config === 'string') return ids.has(config);
  if (typeof config !== 'object' || config === null || config instanceof Secret) return false;
  const values: Iterable<unknown> =
    config instanceof Map || config instanceof Set ? config.values() : Object.values(config);
  for (const value of values) if (namesExtension(value, ids)) return true;
  return false;
}
