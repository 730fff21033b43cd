import { sameConfig } from '../../config/schema/same.ts';
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
