import { anyNode, isNullable, type Node } from './ast.ts';
import { searchCost } from './cost.ts';
import { emit } from './emit.ts';

/** Steps that a search may cost at worst: a few milliseconds. */
const maxSteps = 1e6;

/**
 * V8's RegExp for a tree, and the longest text (UTF-16 units) for which it may be used: beyond it
 * backtracking could take more than a few milliseconds.
 */
export interface FastEngine {
  readonly regexp: RegExp;
  readonly maxLength: number;
}

/**
 * A RegExp with the flags u and g that finds what Go would find; undefined when there is none.
 *
 * @param captures whether the groups must be Go's too
 */
export function fastEngine(node: Node, captures: boolean): FastEngine | undefined {
  // Iterations that match nothing are counted otherwise by V8.
  if (anyNode(node, (n) => n.kind === 'repeat' && isNullable(n.node))) return undefined;
  if (captures && anyNode(node, forgetsGroups)) return undefined;
  const { factor, degree } = searchCost(node);
  if (degree === Number.POSITIVE_INFINITY) return undefined;
  const maxLength = degree === 0 ? Number.POSITIVE_INFINITY : (maxSteps / factor) ** (1 / degree);
  // scarcely worth a second engine, but also what bounds a text of fixed length
  if (maxLength < 16 || factor > maxSteps) return undefined;
  try {
    return { regexp: new RegExp(emit(node), 'gu'), maxLength: Math.floor(maxLength) };
  } catch {
    return undefined;
  }
}

/** V8 clears the groups of a loop with every round, Go keeps what an earlier round found. */
function forgetsGroups(node: Node): boolean {
  return node.kind === 'repeat' && node.max > 1 && hasOptionalGroup(node.node, false);
}

function hasOptionalGroup(node: Node, optional: boolean): boolean {
  switch (node.kind) {
    case 'group':
      return optional || hasOptionalGroup(node.node, optional);
    case 'concat':
      return node.nodes.some((child) => hasOptionalGroup(child, optional));
    case 'alternate':
      return node.nodes.some((child) => hasOptionalGroup(child, true));
    case 'repeat':
      return hasOptionalGroup(node.node, optional || node.min === 0);
    default:
      return false;
  }
}
