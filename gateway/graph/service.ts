import type { Extension } from '../../component/extension.ts';
import type { ExtensionFactory } from '../../component/factory.ts';
import type { Host } from '../../component/settings.ts';
import type { ProgramConfig } from '../config/program.ts';
import { buildNodes } from './build.ts';
import type { Environment } from './environment.ts';
import { lifecycle } from './lifecycle.ts';
import type { GraphNode } from './node.ts';
import { settingsFor } from './settings.ts';

/** Extensions and pipelines of one configuration. */
export interface Service {
  /** Started extensions by id. */
  readonly extensions: ReadonlyMap<string, Extension>;
  /** @throws Error that names what cannot start; nothing is left running then */
  start(): Promise<void>;
  /** Receivers first, exporters and then extensions last. @throws AggregateError of the faults */
  shutdown(): Promise<void>;
}

/** Builds the service; creating an instance may throw, and then nothing was started. */
export function createService(
  config: ProgramConfig,
  environment: Omit<Environment, 'host'>,
  fatal: (error: Error) => void,
): Service {
  const extensions = new Map<string, Extension>();
  const host: Host = {
    extension: (id) => extensions.get(id),
    extensions: () => extensions,
    fatal,
  };
  const env: Environment = { ...environment, host };
  const made = config.extensions.map((id): [string, Extension] => {
    const { factory, config: own } = config.components.extension.get(id)!;
    const settings = settingsFor(env, 'extension', id, `extension/${id}`, {});
    return [id, (factory as ExtensionFactory<unknown>).create(settings, own)];
  });
  const nodes: GraphNode[] = made.map(([id, extension]) => ({
    name: `extension/${id}`,
    component: {
      async start() {
        await extension.start();
        extensions.set(id, extension);
      },
      shutdown: () => extension.shutdown(),
    },
  }));
  const all = lifecycle([...nodes, ...buildNodes(config, env)], env.logger);
  const shutdown = async () => {
    for (const [id, extension] of extensions) {
      await extension
        .notReady?.()
        .catch((error: unknown) => env.logger.warn('Extension failed', { id, error }));
    }
    try {
      await all.shutdown();
    } finally {
      extensions.clear();
    }
  };
  return {
    extensions,
    async start() {
      env.logger.info('Starting extensions...');
      try {
        await all.start();
      } catch (error) {
        extensions.clear();
        throw error;
      }
      try {
        for (const extension of extensions.values()) await extension.ready?.();
      } catch (error) {
        await shutdown().catch((e: unknown) => env.logger.warn('Shutdown failed', { error: e }));
        throw error;
      }
    },
    shutdown,
  };
}
