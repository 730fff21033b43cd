import type { ConfigIssue } from '../../../config/schema/issue.ts';
import type { ConfNode, ConfPath, MapNode } from '../../../config/schema/node.ts';

/** A configuration without the values that issues are about; the same object when there are none. */
export function without(root: MapNode, issues: readonly ConfigIssue[]): MapNode {
  let node: ConfNode = root;
  // Later list items first, so that the indexes of others stay.
  const paths = issues.map(({ path }) => path).toSorted(laterFirst);
  for (const path of paths) if (path.length > 0) node = remove(node, path);
  return node.kind === 'map' ? node : root;
}

function laterFirst(a: ConfPath, b: ConfPath): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const [x, y] = [a[i]!, b[i]!];
    if (x === y) continue;
    return typeof x === 'number' && typeof y === 'number' ? y - x : String(x) < String(y) ? 1 : -1;
  }
  return b.length - a.length;
}

function remove(node: ConfNode, path: ConfPath): ConfNode {
  const [step, ...rest] = path;
  if (node.kind === 'map') {
    const entry = node.entries.get(String(step));
    if (entry === undefined) return node;
    const entries = new Map(node.entries);
    if (rest.length === 0) {
      entries.delete(String(step));
      return { ...node, entries };
    }
    const value = remove(entry.value, rest);
    if (value === entry.value) return node;
    entries.set(String(step), { ...entry, value });
    return { ...node, entries };
  }
  if (node.kind !== 'list') return node;
  const item = node.items[Number(step)];
  if (item === undefined) return node;
  if (rest.length === 0) {
    return { ...node, items: node.items.filter((_item, i) => i !== Number(step)) };
  }
  const value = remove(item, rest);
  return value === item ? node : { ...node, items: node.items.with(Number(step), value) };
}
