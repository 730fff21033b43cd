import type { ConnectorFactory } from '../../component/factory.ts';
import type { Signal } from '../../component/signals.ts';
import type { ConfigIssue } from '../../config/schema/issue.ts';
import type { ComponentConfig, ComponentTable, PipelineConfig } from './program.ts';

/** A connector between two pipelines: exporter of one, receiver of the other. */
export interface Link {
  readonly connector: ComponentConfig;
  readonly from: PipelineConfig;
  readonly to: PipelineConfig;
}

/** Every pair of pipelines that a connector joins with signals that it supports. */
export function connectorLinks(
  components: ComponentTable,
  pipelines: readonly PipelineConfig[],
): Link[] {
  const links: Link[] = [];
  for (const connector of components.connector.values()) {
    for (const from of pipelines.filter((p) => p.exporters.includes(connector.id))) {
      for (const to of pipelines.filter((p) => p.receivers.includes(connector.id))) {
        if (supports(connector, from.signal, to.signal)) links.push({ connector, from, to });
      }
    }
  }
  return links;
}

function supports(connector: ComponentConfig, from: Signal, to: Signal): boolean {
  const { pairs } = connector.factory as ConnectorFactory<unknown>;
  return pairs.some(([taken, given]) => taken === from && given === to);
}

/** Connectors with one end only, and pipelines that feed themselves. */
export function checkConnectors(
  components: ComponentTable,
  pipelines: readonly PipelineConfig[],
  issues: ConfigIssue[],
): void {
  const links = connectorLinks(components, pipelines);
  for (const connector of components.connector.values()) {
    const { id } = connector;
    if (components.exporter.has(id) || components.receiver.has(id)) continue; // ambiguous
    const own = links.filter((link) => link.connector === connector);
    for (const pipeline of pipelines) {
      const q = JSON.stringify(connector.id);
      const report = (message: string) =>
        issues.push({ at: pipeline.at, path: ['service', 'pipelines', pipeline.id], message });
      if (pipeline.exporters.includes(connector.id) && !own.some((l) => l.from === pipeline)) {
        const use = `used as exporter in [${pipeline.id}] pipeline`;
        report(`connector ${q} ${use} but not used in any supported receiver pipeline`);
      }
      if (pipeline.receivers.includes(connector.id) && !own.some((l) => l.to === pipeline)) {
        const use = `used as receiver in [${pipeline.id}] pipeline`;
        report(`connector ${q} ${use} but not used in any supported exporter pipeline`);
      }
    }
  }
  checkNamedPipelines(links, issues);
  const cycle = findCycle(pipelines, links);
  if (cycle !== undefined) {
    const at = cycle[0]!.from.at;
    issues.push({ at, path: ['service', 'pipelines'], message: describeCycle(cycle) });
  }
}

/** Pipelines that connectors name in their own configuration. */
function checkNamedPipelines(links: readonly Link[], issues: ConfigIssue[]): void {
  for (const connector of new Set(links.map((link) => link.connector))) {
    const { checkPipelines } = connector.factory as ConnectorFactory<unknown>;
    if (checkPipelines === undefined || connector.config === undefined) continue;
    const own = links.filter((link) => link.connector === connector);
    const messages = [...new Set(own.map((link) => link.to.signal))].flatMap((signal) => {
      const fed = own.filter(({ to }) => to.signal === signal).map(({ to }) => to.id);
      return checkPipelines(connector.config, fed);
    });
    const path = ['connectors', connector.id];
    for (const message of new Set(messages)) issues.push({ at: connector.at, path, message });
  }
}

function findCycle(
  pipelines: readonly PipelineConfig[],
  links: readonly Link[],
): readonly Link[] | undefined {
  const done = new Set<PipelineConfig>();
  const trail: Link[] = [];
  const visit = (pipeline: PipelineConfig): readonly Link[] | undefined => {
    const again = trail.findIndex((link) => link.from === pipeline);
    if (again >= 0) return trail.slice(again);
    if (done.has(pipeline)) return undefined;
    for (const link of links.filter((l) => l.from === pipeline)) {
      trail.push(link);
      const found = visit(link.to);
      if (found !== undefined) return found;
      trail.pop();
    }
    done.add(pipeline);
    return undefined;
  };
  for (const pipeline of pipelines) {
    const found = visit(pipeline);
    if (found !== undefined) return found;
  }
  return undefined;
}

function describeCycle(cycle: readonly Link[]): string {
  const name = (link: Link) =>
    `connector "${link.connector.id}" (${link.from.signal} to ${link.to.signal})`;
  const parts = cycle.flatMap((link) => [
    name(link),
    ...link.to.processors.map((id) => `processor "${id}" in pipeline "${link.to.id}"`),
  ]);
  return `cycle detected: ${[...parts, name(cycle[0]!)].join(' -> ')}`;
}
