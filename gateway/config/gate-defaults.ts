import type { Kind } from '../../component/factory.ts';
import type { ConfNode, MapEntry } from '../../config/schema/node.ts';
import type { FeatureGates } from './gates.ts';

interface GatedDefault {
  readonly gate: string;
  /** Whether the default holds while the gate is on, or while it is off. */
  readonly on: boolean;
  readonly kind: Kind;
  readonly type: string;
  readonly path: readonly string[];
  readonly value: string;
}

const propagate = {
  on: false,
  kind: 'processor',
  path: ['error_mode'],
  value: 'propagate',
} as const;

/** Keys that have another default as gates are set. */
const defaults: readonly GatedDefault[] = [
  { gate: 'processor.filter.defaultErrorModeIgnore', type: 'filter', ...propagate },
  { gate: 'processor.transform.defaultErrorModeIgnore', type: 'transform', ...propagate },
  {
    gate: 'connector.spanmetrics.useSecondAsDefaultMetricsUnit',
    on: true,
    kind: 'connector',
    type: 'span_metrics',
    path: ['histogram', 'unit'],
    value: 's',
  },
];

/** The configuration of a component with the defaults that gates ask for, where it is silent. */
export function withGateDefaults(
  node: ConfNode,
  kind: Kind,
  type: string,
  gates: FeatureGates,
): ConfNode {
  return defaults
    .filter((one) => one.kind === kind && one.type === type && gates.enabled(one.gate) === one.on)
    .reduce((given, { path, value }) => withDefault(given, path, value), node);
}

/** @returns the node as it is when it says something at `path`, or is no map on the way there */
function withDefault(node: ConfNode, [key, ...rest]: readonly string[], value: string): ConfNode {
  const { at } = node;
  if (key === undefined) return { kind: 'scalar', at, value };
  const isNull = node.kind === 'scalar' && node.value === null;
  if (node.kind !== 'map' && !isNull) return node;
  const entries = new Map<string, MapEntry>(node.kind === 'map' ? node.entries : []);
  const known = entries.get(key);
  if (known !== undefined && rest.length === 0) return node;
  const inner = known?.value ?? { kind: 'scalar', at, value: null };
  entries.set(key, { at: known?.at ?? at, value: withDefault(inner, rest, value) });
  return { kind: 'map', at, entries };
}
