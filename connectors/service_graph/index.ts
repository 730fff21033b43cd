import type { ConnectorFactory } from '../../component/factory.ts';
import { connectorOnly } from '../../component/only.ts';
import { type Config, config } from './config.ts';
import { ServiceGraphConnector } from './connector.ts';
import { metrics } from './telemetry.ts';

/** Requests between services from spans; see README.md. */
export const factory: ConnectorFactory<Config> = {
  kind: 'connector',
  type: 'service_graph',
  aliases: ['servicegraph'],
  stability: { traces: 'alpha' },
  description: 'Makes metrics of the requests between services from their spans.',
  config,
  metrics,
  pairs: [['traces', 'metrics']],
  create: connectorOnly(
    'service_graph',
    ['traces'],
    'metrics',
    (_from, settings, decoded: Config, next) => new ServiceGraphConnector(settings, decoded, next),
  ),
};
