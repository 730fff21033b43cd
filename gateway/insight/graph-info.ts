import type {
  EdgeInfo,
  FoldedInfo,
  GraphInfo,
  LaneInfo,
  NodeInfo,
} from '../../component/insight.ts';
import type { Signal } from '../../component/signals.ts';
import type { PipelineConfig } from '../config/program.ts';
import type { NodePlan } from '../graph/plan.ts';

/** The graph that plans describe, as pages show it. */
export function graphInfo(
  plans: readonly NodePlan[],
  pipelines: readonly PipelineConfig[],
): GraphInfo {
  const nodes = plans.flatMap((plan) => nodeInfo(plan) ?? []);
  const edges = new Map<string, EdgeInfo>();
  for (const { name: from, outputs } of plans) {
    for (const to of outputs.flatMap(({ targets }) => targets)) {
      edges.set(`${from}\n${to}`, { from, to });
    }
  }
  const lanes = pipelines.map((pipeline) => laneInfo(pipeline, nodes));
  return { nodes, edges: [...edges.values()], lanes };
}

function nodeInfo({ name, component, fields }: NodePlan): NodeInfo | undefined {
  const { kind, id, factory } = component;
  if (kind === 'extension') return undefined;
  const { type, description, stability } = factory;
  const signal = fields['otelcol.signal'] as Signal | undefined;
  const outputSignal = fields['otelcol.signal.output'] as Signal | undefined;
  return { name, kind, id, type, description, stability, signal, outputSignal };
}

function laneInfo(pipeline: PipelineConfig, nodes: readonly NodeInfo[]): LaneInfo {
  const { id, signal } = pipeline;
  const find = (fits: (node: NodeInfo) => boolean) => nodes.filter(fits).map(({ name }) => name);
  const receivers = pipeline.receivers.flatMap((wanted) =>
    find((node) => {
      if (node.id !== wanted) return false;
      return (
        node.kind === 'receiver' || (node.kind === 'connector' && node.outputSignal === signal)
      );
    }),
  );
  const exporters = pipeline.exporters.flatMap((wanted) =>
    find((node) => {
      const fits = node.kind === 'exporter' || node.kind === 'connector';
      return fits && node.id === wanted && node.signal === signal;
    }),
  );
  const processors = pipeline.processors.map((wanted): string | FoldedInfo => {
    const name = `processor/${wanted}@${id}`;
    const there = nodes.some((node) => node.name === name);
    return there ? name : { id: wanted, into: exporters };
  });
  return { id, signal, receivers, processors, exporters };
}
