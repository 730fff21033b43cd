import type { Component } from '../../component/component.ts';
import type { Consumer } from '../../component/consumer.ts';
import type { ConnectorFactory } from '../../component/factory.ts';
import type { Settings } from '../../component/settings.ts';
import type { Signal } from '../../component/signals.ts';
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
  create<F extends Signal, T extends Signal>(
    _from: F,
    _to: T,
    settings: Settings,
    decoded: Config,
    next: Consumer<T>,
  ) {
    const consumer = next as unknown as Consumer<'metrics'>;
    const connector = new ServiceGraphConnector(settings, decoded, consumer);
    return connector as unknown as Component & Consumer<F>;
  },
};
