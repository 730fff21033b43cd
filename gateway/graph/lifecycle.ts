import type { Logger } from '../../component/settings.ts';
import type { GraphNode } from './node.ts';

/** Starts and stops nodes in order. */
export interface Lifecycle {
  /**
   * Starts the nodes one after the other. When one fails, everything started so far (and what the
   * failing node opened) is shut down.
   * @throws Error that names the node that cannot start
   */
  start(): Promise<void>;
  /**
   * Shuts down what was started, in reverse; goes on past faults.
   * @throws AggregateError of the faults
   */
  shutdown(): Promise<void>;
}

/** @param nodes in start order */
export function lifecycle(nodes: readonly GraphNode[], logger: Logger): Lifecycle {
  const started: GraphNode[] = [];
  const shutdown = async () => {
    const errors: Error[] = [];
    for (let node = started.pop(); node !== undefined; node = started.pop()) {
      try {
        await node.component.shutdown();
      } catch (error) {
        errors.push(new Error(`cannot shut down ${node.name}: ${text(error)}`, { cause: error }));
      }
    }
    if (errors.length > 0) throw new AggregateError(errors, 'cannot shut down in full');
  };
  const start = async () => {
    for (const node of nodes) {
      started.push(node);
      try {
        await node.component.start();
      } catch (error) {
        await shutdown().catch((e: unknown) => logger.warn('Shutdown failed', { error: e }));
        throw new Error(`cannot start ${node.name}: ${text(error)}`, { cause: error });
      }
    }
  };
  return { start, shutdown };
}

function text(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
