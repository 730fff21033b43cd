import type { ConnectorFactory } from '../../component/factory.ts';
import { connectorOnly } from '../../component/only.ts';
import { type Config, config } from './config.ts';
import { SpanMetricsConnector } from './connector.ts';

/** Request counts, errors and durations from spans; see README.md. */
export const factory: ConnectorFactory<Config> = {
  kind: 'connector',
  type: 'span_metrics',
  aliases: ['spanmetrics'],
  stability: { traces: 'alpha' },
  description: 'Makes metrics of requests, errors and durations from spans.',
  config,
  pairs: [['traces', 'metrics']],
  create: connectorOnly(
    'span_metrics',
    ['traces'],
    'metrics',
    (_from, settings, decoded: Config, next) => new SpanMetricsConnector(settings, decoded, next),
  ),
};
