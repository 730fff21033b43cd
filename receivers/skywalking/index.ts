import type { ReceiverFactory } from '../../component/factory.ts';
import { receiptMetrics } from '../../component/receipts.ts';
import { config, type SkywalkingConfig } from './config.ts';
import { SkywalkingReceiver } from './receiver.ts';

/** Receives what SkyWalking's agents send. */
export const factory: ReceiverFactory<SkywalkingConfig> = {
  kind: 'receiver',
  type: 'skywalking',
  stability: { traces: 'beta', metrics: 'beta', logs: 'beta' },
  description: "Receives traces, metrics and logs of SkyWalking's agents over gRPC and HTTP.",
  config,
  metrics: receiptMetrics(['traces', 'metrics', 'logs']),
  create: (settings, given, next) => new SkywalkingReceiver(settings, given, next),
};
