import type { Extension } from '../../component/extension.ts';
import type { Clock, Host } from '../../component/settings.ts';
import type { PipelineView, ProgramView } from '../../component/view.ts';
import type { MapNode } from '../../config/schema/node.ts';
import { createListeners } from '../../pipeline/listeners.ts';
import { FeatureGates } from '../config/gates.ts';
import type { PipelineConfig, ProgramConfig } from '../config/program.ts';
import { type InsightSources, ProgramInsight } from '../insight/index.ts';
import { RecentLog } from '../telemetry/recent-log.ts';
import type { Environment } from './environment.ts';
import { type Changes, Graph } from './graph.ts';
import { type NodePlan, planNodes } from './plan.ts';
import { StatusBoard } from './statuses.ts';

/** Extensions and pipelines of a configuration. */
export interface Service {
  readonly host: Host;
  /** Started extensions by id. */
  readonly extensions: ReadonlyMap<string, Extension>;
  /** @throws Error that names what cannot start; nothing is left running then */
  start(): Promise<void>;
  /**
   * Makes what runs be what another configuration says: what both say the same of is kept, with all
   * that it holds. @throws Error that names what cannot start; what ran before runs on then
   */
  change(config: ProgramConfig): Promise<Changes>;
  /** Receivers first, exporters and then extensions last. @throws AggregateError of the faults */
  shutdown(): Promise<void>;
}

/** What the program does for components beside the graph. */
export type ProgramHost = Pick<Host, 'fatal' | 'reload' | 'configFiles'> &
  Pick<ProgramView, 'gates' | 'config'> &
  Partial<Pick<ProgramView, 'watchSpans' | 'runningSpans'>> & {
    /** Default: an empty log, and no text of the configuration. */
    readonly sources?: InsightSources;
  };

/** @param program `fatal` is told of a fault after which the program has to end */
export function createService(
  config: ProgramConfig,
  environment: Omit<Environment, 'host' | 'statuses'>,
  program: ProgramHost,
): Service {
  const extensions = new Map<string, Extension>();
  const { fatal, reload, configFiles, gates, config: shown, watchSpans, runningSpans } = program;
  const statuses = new StatusBoard(environment.clock);
  let running = config;
  const plans: readonly NodePlan[] = planNodes(config);
  const sources = program.sources ?? noSources(environment.clock);
  const insight = new ProgramInsight({ ...environment, statuses, sources });
  insight.show(plans, config);
  const view: ProgramView = {
    pipelines: () => running.pipelines.map((pipeline) => pipelineView(pipeline, running, graph)),
    statuses: () => statuses.all(),
    watchStatuses: (changed) => statuses.watch(changed),
    gates,
    watchSpans: (ended) => watchSpans?.(ended),
    runningSpans: () => runningSpans?.() ?? [],
    config: shown,
    insight,
  };
  const host: Environment['host'] = {
    extension: (id) => extensions.get(id),
    extensions: () => extensions,
    listeners: createListeners(),
    configFiles,
    reload,
    view,
    fatal,
  };
  const graph = new Graph({ ...environment, host, statuses }, extensions);
  statuses.know(config.pipelines);
  return {
    host,
    extensions,
    async start() {
      environment.logger.info('Starting extensions...');
      await graph.change(plans);
    },
    async change(next) {
      statuses.know(next.pipelines);
      try {
        const wanted = planNodes(next);
        const changes = await graph.change(wanted);
        running = next;
        insight.show(wanted, next);
        return changes;
      } catch (error) {
        statuses.know(running.pipelines);
        throw error;
      }
    },
    async shutdown() {
      insight.close();
      await graph.shutdown();
    },
  };
}

function noSources(clock: Clock): InsightSources {
  const nowhere = { file: '', line: 1, column: 1 };
  const root: MapNode = { kind: 'map', at: nowhere, entries: new Map() };
  const source = { root, gates: new FeatureGates() };
  return { recent: new RecentLog(clock), source: () => source };
}

function pipelineView(
  pipeline: PipelineConfig,
  { components }: ProgramConfig,
  graph: Graph,
): PipelineView {
  const { id, signal, receivers, processors, exporters } = pipeline;
  const edits = (name: string) => graph.mutates(name);
  const mutates =
    processors.some((processor) => edits(`processor/${processor}@${id}`)) ||
    exporters.some((exporter) => edits(`exporter/${exporter}@${signal}`));
  const isConnector = (one: string) => components.connector.has(one);
  const connectors = [...receivers, ...exporters].filter(isConnector);
  return { id, receivers, processors, exporters, connectors, mutates };
}
