import type { EdgeNumbers, GraphInfo, NodeNumbers, Numbers } from '../../component/insight.ts';
import type { MemoryBudget } from '../../component/settings.ts';
import type { InstanceStatus } from '../../component/view.ts';
import { fanoutNode, type Ledger, type LedgerSnapshot } from '../../pipeline/ledger.ts';
import { cutMasked, maskAddresses } from './mask.ts';

/** What is shown of an error, characters. */
const maxText = 2000;

const shown = (text: string): string => cutMasked(text, maxText, maskAddresses).shown;

/** Where numbers come from. */
export interface NumberSources {
  readonly ledger: Ledger;
  readonly budget: MemoryBudget;
  readonly statuses: { of(name: string): InstanceStatus | undefined };
}

/** What is known of the nodes and edges of a graph, and the memory of the process. */
export function numbersOf(
  graph: GraphInfo,
  { ledger, budget, statuses }: NumberSources,
  memory: () => NodeJS.MemoryUsage = process.memoryUsage,
): Numbers {
  const snapshot = ledger.snapshot();
  const { rss, heapUsed } = memory();
  return {
    memory: { budgetUsed: budget.used, budgetLimit: budget.limit, rss, heapUsed },
    nodes: nodeNumbers(graph, snapshot, statuses),
    edges: edgeNumbers(graph, snapshot),
  };
}

function nodeNumbers(
  graph: GraphInfo,
  snapshot: LedgerSnapshot,
  statuses: NumberSources['statuses'],
): NodeNumbers[] {
  const wanted = new Set(graph.nodes.map(({ name }) => name));
  return snapshot.nodes
    .filter(({ node }) => wanted.has(node))
    .map(({ node: name, missing: _missing, ...counts }) => {
      const { status = 'StatusNone', error = '', sinceUnixMs = 0 } = statuses.of(name) ?? {};
      const failing = counts.failing && {
        ...counts.failing,
        error: shown(counts.failing.error),
      };
      const statusError = shown(error);
      return { ...counts, name, status, statusError, statusSinceUnixMs: sinceUnixMs, failing };
    });
}

/** A sender with several targets has a fan-out before them; a connector may have both. */
function edgeNumbers(graph: GraphInfo, snapshot: LedgerSnapshot): EdgeNumbers[] {
  const found = new Map(snapshot.edges.map((edge) => [`${edge.from}\n${edge.to}`, edge]));
  return graph.edges.map(({ from, to }) => {
    const own = [from, fanoutNode(from)].flatMap((source) => found.get(`${source}\n${to}`) ?? []);
    const items = own.reduce((sum, edge) => sum + edge.items, 0);
    return { from, to, items, refused: together(own.flatMap(({ refused }) => refused)) };
  });
}

/** What is refused with the same status is one; the message is that of the last. */
function together(refusals: EdgeNumbers['refused']): EdgeNumbers['refused'] {
  const byStatus = Map.groupBy(refusals, (one) => `${one.status} ${one.retryable}`);
  return Array.from(byStatus.values(), (all) => {
    const items = all.reduce((sum, one) => sum + one.items, 0);
    const { message, ...last } = all.at(-1)!;
    return { ...last, message: shown(message), items };
  });
}
