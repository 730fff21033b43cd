import type { ReceiverFactory } from '../../component/factory.ts';
import { receiptMetrics } from '../../component/receipts.ts';
import { config, type StatsdConfig } from './config.ts';
import { statsdMetrics } from './counters.ts';
import { StatsdReceiver } from './receiver.ts';

/** Receives StatsD and DogStatsD. */
export const factory: ReceiverFactory<StatsdConfig> = {
  kind: 'receiver',
  type: 'statsd',
  stability: { metrics: 'beta' },
  description: 'Receives lines of StatsD and DogStatsD over UDP, TCP or a Unix socket.',
  config,
  metrics: [...receiptMetrics(['metrics']), ...statsdMetrics],
  create: (settings, given, next) => new StatsdReceiver(settings, given, next.metrics!),
};
