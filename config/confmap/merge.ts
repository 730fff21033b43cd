import type { ConfNode, ListNode, MapEntry } from '../schema/node.ts';
import { toPlain } from '../schema/node.ts';

/** Decides what becomes of two lists at one path. */
export type MergeLists = (path: readonly string[], base: ListNode, over: ListNode) => ListNode;

const replace: MergeLists = (_path, _base, over) => over;

/**
 * `over` laid upon `base`: maps are merged at every depth, anything else (lists, scalars, null) is
 * replaced as a whole.
 */
export function mergeNodes(
  base: ConfNode,
  over: ConfNode,
  lists: MergeLists = replace,
  path: readonly string[] = [],
): ConfNode {
  if (base.kind === 'list' && over.kind === 'list') return lists(path, base, over);
  if (base.kind !== 'map' || over.kind !== 'map') return over;
  const entries = new Map<string, MapEntry>(base.entries);
  for (const [key, entry] of over.entries) {
    const below = entries.get(key);
    const value =
      below === undefined
        ? entry.value
        : mergeNodes(below.value, entry.value, lists, [...path, key]);
    entries.set(key, { at: entry.at, value });
  }
  return { kind: 'map', at: over.at, entries };
}

/**
 * What the gate `confmap.enableMergeAppendOption` asks for: lists of extensions, receivers and
 * exporters below `service` are joined, an item that is there already is not repeated.
 */
export const appendLists: MergeLists = (path, base, over) => {
  const text = path.join('::');
  if (!/^service::(extensions|.*::(receivers|exporters))$/.test(text)) return over;
  const seen = new Set(base.items.map((item) => JSON.stringify(toPlain(item))));
  const added = over.items.filter((item) => {
    const key = JSON.stringify(toPlain(item));
    return !seen.has(key) && seen.add(key) !== undefined;
  });
  return { kind: 'list', at: over.at, items: [...base.items, ...added] };
};

/**
 * Keys such as `a::b` as nested maps, in maps within maps; lists are left as they are.
 * Where a nested key is written both ways the two are merged.
 */
export function splitKeys(node: ConfNode): ConfNode {
  if (node.kind !== 'map') return node;
  const entries = new Map<string, MapEntry>();
  for (const [key, { at, value }] of node.entries) {
    const [first, ...steps] = key.split('::') as [string, ...string[]];
    let inner = splitKeys(value);
    for (const step of steps.toReversed()) {
      inner = { kind: 'map', at, entries: new Map([[step, { at, value: inner }]]) };
    }
    const below = entries.get(first);
    entries.set(first, { at, value: below === undefined ? inner : mergeNodes(below.value, inner) });
  }
  return { ...node, entries };
}
