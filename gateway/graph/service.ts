import type { Extension } from '../../component/extension.ts';
import type { Host } from '../../component/settings.ts';
import { createListeners } from '../../pipeline/listeners.ts';
import type { ProgramConfig } from '../config/program.ts';
import type { Environment } from './environment.ts';
import { type Changes, Graph } from './graph.ts';
import { type NodePlan, planNodes } from './plan.ts';

/** Extensions and pipelines of a configuration. */
export interface Service {
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
export type ProgramHost = Pick<Host, 'fatal' | 'reload' | 'configFiles'>;

/** @param program `fatal` is told of a fault after which the program has to end */
export function createService(
  config: ProgramConfig,
  environment: Omit<Environment, 'host'>,
  program: ProgramHost,
): Service {
  const extensions = new Map<string, Extension>();
  const host: Host = {
    extension: (id) => extensions.get(id),
    extensions: () => extensions,
    listeners: createListeners(),
    ...program,
  };
  const graph = new Graph({ ...environment, host }, extensions);
  const plans: readonly NodePlan[] = planNodes(config);
  return {
    extensions,
    async start() {
      environment.logger.info('Starting extensions...');
      await graph.change(plans);
    },
    change: (next) => graph.change(planNodes(next)),
    shutdown: () => graph.shutdown(),
  };
}
