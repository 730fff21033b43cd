import type { ConfNode, MapEntry } from '../schema/node.ts';

/**
 * `over` laid upon `base`: maps are merged at every depth, anything else (lists, scalars, null) is
 * replaced as a whole.
 */
export function mergeNodes(base: ConfNode, over: ConfNode): ConfNode {
  if (base.kind !== 'map' || over.kind !== 'map') return over;
  const entries = new Map<string, MapEntry>(base.entries);
  for (const [key, entry] of over.entries) {
    const below = entries.get(key);
    const value = below === undefined ? entry.value : mergeNodes(below.value, entry.value);
    entries.set(key, { at: entry.at, value });
  }
  return { kind: 'map', at: over.at, entries };
}
