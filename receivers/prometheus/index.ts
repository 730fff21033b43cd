import type { ReceiverFactory } from '../../component/factory.ts';
import { receiptMetrics } from '../../component/receipts.ts';
import { config, type PrometheusConfig } from './config/index.ts';
import { PrometheusReceiver } from './receiver.ts';

/** Scrapes metrics. */
export const factory: ReceiverFactory<PrometheusConfig> = {
  kind: 'receiver',
  type: 'prometheus',
  stability: { metrics: 'beta' },
  description: 'Scrapes targets that expose metrics in the text formats or protobuf of Prometheus.',
  config,
  metrics: receiptMetrics(['metrics']),
  create: (settings, given, next) => new PrometheusReceiver(settings, given, next.metrics!),
};
