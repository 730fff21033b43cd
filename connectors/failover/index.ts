import type { ConnectorFactory } from '../../component/factory.ts';
import { connectorOfSame } from '../../component/only.ts';
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
  create: connectorOfSame('failover', createFailover),
};
