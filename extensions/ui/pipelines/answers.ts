import type * as insight from '../../../component/insight.ts';
import type * as web from '../../../query/web/contract/pipelines.ts';

/** Decimal nanoseconds of milliseconds since 1970. */
export function unixNano(ms: number): string {
  return String(BigInt(Math.round(ms * 1000)) * 1000n);
}

/** @param configs YAML by kind and id */
export function graphJson(
  graph: insight.GraphInfo,
  configs: ReadonlyMap<string, string>,
): web.Graph {
  const nodes = graph.nodes.map(({ signal = null, outputSignal = null, ...node }) => {
    const config = configs.get(`${node.kind}/${node.id}`) ?? '';
    return { ...node, signal, outputSignal, config };
  });
  return { ...graph, nodes };
}

/** The numbers of a node; what is not there is null, times are decimal nanoseconds. */
export function nodeJson(node: insight.NodeNumbers): web.NodeState {
  const { statusSinceUnixMs, failing, dropped, status, queue, ...rest } = node;
  return {
    ...rest,
    status: status.replace(/^Status/, ''),
    statusSinceUnixNano: unixNano(statusSinceUnixMs),
    dropped: Object.entries(dropped).map(([reason, items]) => ({ reason, items })),
    queue: queue ?? null,
    failing:
      failing === undefined
        ? null
        : {
            error: failing.error,
            atUnixNano: unixNano(failing.unixMs),
            attempts: failing.attempts,
          },
  };
}

/** A warning or error; values of its fields are texts, JSON where they were none. */
export function logJson(entry: insight.LogEntry): web.LogEntry {
  const { sequence: _sequence, firstUnixMs, lastUnixMs, fields, ...rest } = entry;
  return {
    ...rest,
    fields: Object.entries(fields).map(([key, value]) => ({ key, value: textOf(value) })),
    firstUnixNano: unixNano(firstUnixMs),
    lastUnixNano: unixNano(lastUnixMs),
  };
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : (JSON.stringify(value) ?? String(value));
}

/** A batch that passed; null where it is not shown, refused '' where it was accepted. */
export function sampleJson({ unixMs, otlp, refused, ...rest }: insight.TapSample): web.TapSample {
  return { ...rest, atUnixNano: unixNano(unixMs), otlp: otlp ?? null, refused: refused ?? '' };
}

/** The verdict on a configuration; graph null where it cannot be built. */
export function checkJson({ graph, ...rest }: insight.ConfigCheck): web.ConfigCheckAnswer {
  return { ...rest, graph: graph === undefined ? null : graphJson(graph, new Map()) };
}
