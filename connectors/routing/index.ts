import type { Component } from '../../component/component.ts';
import type { Consumer } from '../../component/consumer.ts';
import type { ConnectorFactory, ConnectorNext } from '../../component/factory.ts';
import type { Settings } from '../../component/settings.ts';
import type { Signal } from '../../component/signals.ts';
import { type Config, config } from './config.ts';
import { RoutingConnector } from './router.ts';

/** Sends data to pipelines by conditions; see README.md. */
export const factory: ConnectorFactory<Config> = {
  kind: 'connector',
  type: 'routing',
  stability: { traces: 'alpha', metrics: 'alpha', logs: 'alpha' },
  description: 'Sends data to pipelines by conditions on it.',
  config,
  pairs: [
    ['traces', 'traces'],
    ['metrics', 'metrics'],
    ['logs', 'logs'],
  ],
  checkPipelines: ({ default_pipelines, table }, pipelines) =>
    [...default_pipelines, ...table.flatMap((item) => item.pipelines)]
      .filter((id) => !pipelines.includes(id))
      .map((id) => `pipeline not found: missing consumer: ${JSON.stringify(id)}`),
  create<F extends Signal, T extends Signal>(
    _from: F,
    _to: T,
    settings: Settings,
    decoded: Config,
    next: ConnectorNext<T>,
  ) {
    const connector: Component & Consumer<T> = new RoutingConnector(settings, decoded, next);
    return connector as unknown as Component & Consumer<F>;
  },
};
