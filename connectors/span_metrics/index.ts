import type { Component } from '../../component/component.ts';
import type { Consumer } from '../../component/consumer.ts';
import type { ConnectorFactory } from '../../component/factory.ts';
import type { Settings } from '../../component/settings.ts';
import type { Signal } from '../../component/signals.ts';
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
  create<F extends Signal, T extends Signal>(
    _from: F,
    _to: T,
    settings: Settings,
    decoded: Config,
    next: Consumer<T>,
  ) {
    const metrics = next as unknown as Consumer<'metrics'>;
    const connector = new SpanMetricsConnector(settings, decoded, metrics);
    return connector as unknown as Component & Consumer<F>;
  },
};
