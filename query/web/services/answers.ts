/** What storage knows of services, as the page is told it. */
import { quantile, type Red } from '../../../storage/services/bands.ts';
import type {
  RedSeries,
  ServiceEdge,
  ServiceGraph,
  ServiceNode,
  ServiceOperations,
} from '../../../storage/services/model.ts';
import type { StepWindow } from '../../../storage/services/window.ts';
import type {
  RedFigures,
  RedSeriesFigures,
  ServiceFigures,
  ServiceListAnswer,
  ServiceMapAnswer,
  ServiceMapEdge,
  ServiceOperationsAnswer,
  ServiceWindow,
} from '../contract/services.ts';
import { neighbours, type PartOptions, partOf } from './neighbourhood.ts';

/** The nodes with most calls. @param limit how many at most */
export function listAnswer(graph: ServiceGraph, limit: number): ServiceListAnswer {
  const { window, nodes, notes } = graph;
  const services = nodes.slice(0, limit).map((node) => ({
    ...serviceFigures(node, window),
    series: node.series === undefined ? null : seriesFigures(node.series),
  }));
  const total = nodes.length;
  return { window: windowFigures(window), services, total, truncated: total > limit, notes };
}

/** The part of the graph that is asked for; whether the focus is known is said too. */
export function mapAnswer(graph: ServiceGraph, options: PartOptions): ServiceMapAnswer {
  const { window, notes } = graph;
  const known = options.focus === '' || graph.nodes.some(({ id }) => id === options.focus);
  const { nodes, edges, cut } = partOf(graph, options);
  const around = neighbours(graph.edges);
  const shown = new Set(nodes.map(({ id }) => id));
  return {
    window: windowFigures(window),
    nodes: nodes.map((node) => {
      const others = [...(around.get(node.id) ?? [])];
      const hidden = others.filter((id) => !shown.has(id)).length;
      return { ...serviceFigures(node, window), hidden, isolated: others.length === 0 };
    }),
    edges: edges.map((edge) => mapEdge(edge, window)),
    totalNodes: graph.nodes.length,
    totalEdges: graph.edges.length,
    cut,
    truncated: cut > 0,
    focus: known ? options.focus : null,
    notes,
  };
}

/** The operations of a service, in the order in which storage gives them. */
export function operationsAnswer(
  service: string,
  found: ServiceOperations,
): ServiceOperationsAnswer {
  const { window, truncated, notes } = found;
  const operations = found.operations.map(({ name, kind, measure, red, series }) => ({
    name,
    kind,
    measure,
    red: redFigures(red, window),
    series: seriesFigures(series),
  }));
  return { window: windowFigures(window), service, operations, truncated, notes };
}

function serviceFigures(node: ServiceNode, window: StepWindow): ServiceFigures {
  const { id, type, name, system, instrumented, measure } = node;
  return { id, type, name, system, instrumented, measure, red: redFigures(node.red, window) };
}

function mapEdge(edge: ServiceEdge, window: StepWindow): ServiceMapEdge {
  const { from, to, source, red, protocols, network } = edge;
  const figures = redFigures(red, window);
  const rtt = { rttNs: network?.rttNs ?? null, rttMaxNs: network?.rttMaxNs ?? null };
  return {
    from,
    to,
    source,
    red: figures,
    protocols,
    network: network === undefined ? null : { ...network, ...rtt },
  };
}

function redFigures({ calls, errors, bands }: Red, window: StepWindow): RedFigures {
  const at = (q: number) => quantile(bands, q) ?? null;
  const perSecond = calls / window.pastS;
  return { calls, errors, perSecond, p50Ns: at(0.5), p95Ns: at(0.95), p99Ns: at(0.99) };
}

function seriesFigures(series: RedSeries): RedSeriesFigures {
  return {
    calls: [...series.calls],
    errors: [...series.errors],
    p95Ns: [...series.p95Ns].map((ns) => (Number.isNaN(ns) ? null : ns)),
  };
}

function windowFigures({ fromS, toS, stepS, pastS }: StepWindow): ServiceWindow {
  return {
    startUnixNano: `${BigInt(fromS) * 1_000_000_000n}`,
    endUnixNano: `${BigInt(toS) * 1_000_000_000n}`,
    seconds: pastS,
    stepNs: stepS * 1e9,
  };
}
