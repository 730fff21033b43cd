import type { ConnectorFactory } from '../../component/factory.ts';
import { connectorOfSame } from '../../component/only.ts';
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
  create: connectorOfSame(
    'routing',
    (_signal, settings, decoded: Config, next) => new RoutingConnector(settings, decoded, next),
  ),
};
