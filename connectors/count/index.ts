import type { Component } from '../../component/component.ts';
import type { Consumer } from '../../component/consumer.ts';
import type { ConnectorFactory } from '../../component/factory.ts';
import type { Settings } from '../../component/settings.ts';
import type { Signal } from '../../component/signals.ts';
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
  create<F extends Signal, T extends Signal>(
    from: F,
    _to: T,
    settings: Settings,
    decoded: Config,
    next: Consumer<T>,
  ) {
    const metrics = next as unknown as Consumer<'metrics'>;
    const connector: Component & Consumer<F> = new CountConnector(from, settings, decoded, metrics);
    return connector;
  },
};
