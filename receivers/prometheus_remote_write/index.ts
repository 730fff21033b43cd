import type { ReceiverFactory } from '../../component/factory.ts';
import { receiptMetrics } from '../../component/receipts.ts';
import { config, type RemoteWriteReceiverConfig } from './config.ts';
import { remoteWriteReceiver } from './receiver.ts';

/** Receives Prometheus remote write. */
export const factory: ReceiverFactory<RemoteWriteReceiverConfig> = {
  kind: 'receiver',
  type: 'prometheus_remote_write',
  aliases: ['prometheusremotewrite'],
  stability: { metrics: 'beta' },
  description: 'Receives Prometheus remote write, versions 1.0 and 2.0.',
  config,
  metrics: receiptMetrics(['metrics']),
  create: (settings, given, next) => remoteWriteReceiver(settings, given, next.metrics!),
};
