import type { ConnectorFactory } from '../../component/factory.ts';
import { connectorOnly } from '../../component/only.ts';
import { type Config, config } from './config.ts';
import { CountConnector } from './connector.ts';

/** Counts spans, events, metrics, data points and log records; see README.md. */
export const factory: ConnectorFactory<Config> = {
  kind: 'connector',
  type: 'count',
  stability: { traces: 'alpha', metrics: 'alpha', logs: 'alpha' },
  description: 'Counts spans, span events, metrics, data points and log records.',
  config,
  pairs: [
    ['traces', 'metrics'],
    ['metrics', 'metrics'],
    ['logs', 'metrics'],
  ],
  create: connectorOnly(
    'count',
    ['traces', 'metrics', 'logs'],
    'metrics',
    (from, settings, decoded: Config, next) => new CountConnector(from, settings, decoded, next),
  ),
};
