import type { ReceiverFactory } from '../../component/factory.ts';
import { receiptMetrics } from '../../component/receipts.ts';
import { influxdbMetrics } from '../../pipeline/line-writes/counters.ts';
import { config, type DeepflowConfig } from './config.ts';
import { deepflowReceiver } from './receiver.ts';

/** Receives what is sent to the HTTP port of a DeepFlow agent. */
export const factory: ReceiverFactory<DeepflowConfig> = {
  kind: 'receiver',
  type: 'deepflow',
  stability: { traces: 'beta', metrics: 'beta', logs: 'beta' },
  description: "Receives what senders post to a DeepFlow agent's integration port, by its paths.",
  config,
  metrics: [...receiptMetrics(['traces', 'metrics', 'logs']), ...influxdbMetrics],
  create: (settings, given, next) => deepflowReceiver(settings, given, next),
};
