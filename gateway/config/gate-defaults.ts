import type { Kind } from '../../component/factory.ts';
import type { ConfNode, MapEntry } from '../../config/schema/node.ts';
import type { FeatureGates } from './gates.ts';

/** A key that has another default while a gate is off. */
const defaults = [
  { gate: 'processor.filter.defaultErrorModeIgnore', type: 'filter' },
  { gate: 'processor.transform.defaultErrorModeIgnore', type: 'transform' },
] as const;

/** The configuration of a component with the defaults that gates ask for, where it is silent. */
export function withGateDefaults(
  node: ConfNode,
  kind: Kind,
  type: string,
  gates: FeatureGates,
): ConfNode {
  const found = defaults.find((entry) => entry.type === type);
  if (kind !== 'processor' || found === undefined || gates.enabled(found.gate)) return node;
  const isNull = node.kind === 'scalar' && node.value === null;
  if (node.kind !== 'map' && !isNull) return node;
  const entries = new Map<string, MapEntry>(node.kind === 'map' ? node.entries : []);
  if (entries.has('error_mode')) return node;
  const { at } = node;
  entries.set('error_mode', { at, value: { kind: 'scalar', at, value: 'propagate' } });
  return { kind: 'map', at, entries };
}
