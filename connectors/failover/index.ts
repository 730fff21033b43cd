import type { Component } from '../../component/component.ts';
import type { Consumer } from '../../component/consumer.ts';
import type { ConnectorFactory, ConnectorNext } from '../../component/factory.ts';
import type { Settings } from '../../component/settings.ts';
import type { Signal } from '../../component/signals.ts';
import { type Config, config } from './config.ts';
import { createFailover } from './connector.ts';

/** Sends to the best pipelines that take data; see README.md. */
export const factory: ConnectorFactory<Config> = {
  kind: 'connector',
  type: 'failover',
  stability: { traces: 'alpha', metrics: 'alpha', logs: 'alpha' },
  description: 'Sends data to the best of several pipelines that takes it.',
  config,
  pairs: [
    ['traces', 'traces'],
    ['metrics', 'metrics'],
    ['logs', 'logs'],
  ],
  checkPipelines: ({ priority_levels }, pipelines) =>
    priority_levels
      .flat()
      .filter((id) => !pipelines.includes(id))
      .map((id) => `Error registering consumer: missing consumer: ${JSON.stringify(id)}`),
  create<F extends Signal, T extends Signal>(
    from: F,
    _to: T,
    settings: Settings,
    decoded: Config,
    next: ConnectorNext<T>,
  ) {
    const own = next as unknown as ConnectorNext<F>;
    const connector: Component & Consumer<F> = createFailover(from, settings, decoded, own);
    return connector;
  },
};
