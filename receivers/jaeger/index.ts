import type { ReceiverFactory } from '../../component/factory.ts';
import { receiptMetrics } from '../../component/receipts.ts';
import { config, type JaegerReceiverConfig } from './config.ts';
import { JaegerReceiver } from './receiver.ts';

/** Receives spans of Jaeger's clients and agents. */
export const factory: ReceiverFactory<JaegerReceiverConfig> = {
  kind: 'receiver',
  type: 'jaeger',
  stability: { traces: 'beta' },
  description: "Receives spans of Jaeger's clients: gRPC, Thrift over HTTP and UDP.",
  config,
  metrics: receiptMetrics(['traces']),
  create: (settings, given, next) => new JaegerReceiver(settings, given, next.traces!),
};
