/** Which part of a service graph is shown: pure. */
import type { ServiceEdge, ServiceNode } from '../../../storage/services/model.ts';

interface Part {
  readonly nodes: readonly ServiceNode[];
  readonly edges: readonly ServiceEdge[];
  /** Nodes that belong here and are over the limit. */
  readonly cut: number;
}

/** Which part: what is near a node, or what is busiest. */
export interface PartOptions {
  /** Id of the node in the middle, '' = the whole graph. */
  readonly focus: string;
  /** Edges to go from it, either way. */
  readonly hops: number;
  readonly limit: number;
  /** Only edges with errors, and nodes at their ends or with errors themselves. */
  readonly errorsOnly: boolean;
}

/**
 * The nodes around the one in focus, nearest first, or those with most calls; and the edges between
 * them. A node in focus that there is not has nothing around it.
 */
export function partOf(
  graph: { readonly nodes: readonly ServiceNode[]; readonly edges: readonly ServiceEdge[] },
  { focus, hops, limit, errorsOnly }: PartOptions,
): Part {
  const edges = errorsOnly ? graph.edges.filter(({ red }) => red.errors > 0) : graph.edges;
  const ends = new Set(edges.flatMap(({ from, to }) => [from, to]));
  const wanted = ({ id, red }: ServiceNode) => !errorsOnly || ends.has(id) || red.errors > 0;
  const distances = focus === '' ? undefined : distancesFrom(focus, edges, hops);
  const nodes = graph.nodes.filter((node) => {
    if (distances === undefined) return wanted(node);
    return distances.has(node.id) && (node.id === focus || wanted(node));
  });
  // The order within one distance stays: most calls first.
  if (distances !== undefined) {
    nodes.sort((a, b) => (distances.get(a.id) ?? 0) - (distances.get(b.id) ?? 0));
  }
  const shown = nodes.slice(0, limit);
  const ids = new Set(shown.map(({ id }) => id));
  return {
    nodes: shown,
    edges: edges.filter(({ from, to }) => ids.has(from) && ids.has(to)),
    cut: nodes.length - shown.length,
  };
}

function distancesFrom(
  focus: string,
  edges: readonly ServiceEdge[],
  hops: number,
): Map<string, number> {
  const around = neighbours(edges);
  const distances = new Map([[focus, 0]]);
  let ring = [focus];
  for (let hop = 1; hop <= hops && ring.length > 0; hop++) {
    const next: string[] = [];
    for (const id of ring) {
      for (const other of around.get(id) ?? []) {
        if (distances.has(other)) continue;
        distances.set(other, hop);
        next.push(other);
      }
    }
    ring = next;
  }
  return distances;
}

/** The other ends of each node's edges. */
export function neighbours(edges: readonly ServiceEdge[]): Map<string, Set<string>> {
  const around = new Map<string, Set<string>>();
  const add = (id: string, other: string) => {
    const others = around.get(id) ?? new Set();
    around.set(id, others.add(other));
  };
  for (const { from, to } of edges) {
    add(from, to);
    add(to, from);
  }
  return around;
}
