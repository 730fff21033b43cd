import type { ConfNode, MapEntry, MapNode } from '../../config/schema/node.ts';
import type { RegistryEntry } from '../components.ts';
import { findComponent } from '../components.ts';
import type { FeatureGates } from './gates.ts';

/** Keys that are not those of the HTTP server. */
const notOfServer = [
  'path',
  'response_body',
  'check_collector_pipeline',
  'component_health',
  'use_v2',
];

interface Substitute {
  readonly entry: RegistryEntry;
  readonly value: ConfNode;
}

/**
 * What stands in for `health_check` while the gate extension.healthcheck.useComponentStatus is on:
 * healthcheckv2, which without a protocol of its own answers where the old keys say.
 * @returns undefined for every other component
 */
export function healthSubstitute(
  entry: RegistryEntry,
  value: ConfNode,
  entries: readonly RegistryEntry[],
  gates: FeatureGates,
): Substitute | undefined {
  if (entry.kind !== 'extension' || entry.type !== 'health_check') return undefined;
  if (!gates.enabled('extension.healthcheck.useComponentStatus')) return undefined;
  const second = findComponent('extension', 'healthcheckv2', entries);
  const isNull = value.kind === 'scalar' && value.value === null;
  if (second === undefined || (value.kind !== 'map' && !isNull)) return undefined;
  const given = new Map<string, MapEntry>(value.kind === 'map' ? value.entries : []);
  const { at } = value;
  const entryOf = (node: ConfNode): MapEntry => ({ at, value: node });
  if (!given.has('http') && !given.has('grpc')) given.set('http', entryOf(httpOf(value, given)));
  given.set('use_v2', entryOf({ kind: 'scalar', at, value: true }));
  return { entry: second, value: { kind: 'map', at, entries: given } };
}

/** The old keys as those of `http`; statuses are told at the old path. */
function httpOf({ at }: ConfNode, given: ReadonlyMap<string, MapEntry>): MapNode {
  const entries = new Map([...given].filter(([key]) => !notOfServer.includes(key)));
  const path = given.get('path') ?? { at, value: { kind: 'scalar', at, value: '/' } };
  const status: MapNode = { kind: 'map', at, entries: new Map([['path', path]]) };
  return { kind: 'map', at, entries: entries.set('status', { at, value: status }) };
}
