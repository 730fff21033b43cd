import { anyNode, empty, type Node } from './ast.ts';

/**
 * A pattern that matches somewhere in a text exactly when the given one does, but costs less:
 * no groups, and no loops at its ends.
 */
export function forTest(node: Node): Node {
  return trimmed(withoutGroups(node));
}

function withoutGroups(node: Node): Node {
  switch (node.kind) {
    case 'group':
      return withoutGroups(node.node);
    case 'concat':
      return concat(node.nodes.map(withoutGroups));
    case 'alternate':
      return { kind: 'alternate', nodes: node.nodes.map(withoutGroups) };
    case 'repeat':
      return { ...node, node: withoutGroups(node.node) };
    default:
      return node;
  }
}

function concat(nodes: readonly Node[]): Node {
  const flat = nodes.flatMap((node) => (node.kind === 'concat' ? node.nodes : [node]));
  return flat.length === 1 ? flat[0]! : { kind: 'concat', nodes: flat };
}

function trimmed(node: Node): Node {
  if (node.kind === 'alternate') return { kind: 'alternate', nodes: node.nodes.map(trimmed) };
  if (node.kind === 'repeat') return shortest(node) ?? node;
  if (node.kind !== 'concat') return node;
  const nodes = [...node.nodes];
  for (const [end, drop] of [
    [0, () => nodes.shift()],
    [-1, () => nodes.pop()],
  ] as const) {
    for (;;) {
      const outer = nodes.at(end);
      const short = outer === undefined ? undefined : shortest(outer);
      if (short === undefined) break;
      drop();
      if (short === empty) continue;
      if (end === 0) nodes.unshift(short);
      else nodes.push(short);
      break;
    }
  }
  return concat(nodes);
}

/** The least that a loop takes, where that is enough; undefined where it is not shorter. */
function shortest(node: Node): Node | undefined {
  if (node.kind !== 'repeat' || anyNode(node.node, (n) => n.kind === 'assert')) return undefined;
  if (node.min === 0) return empty;
  if (node.min === node.max) return undefined;
  return node.min === 1 ? node.node : { ...node, max: node.min };
}
