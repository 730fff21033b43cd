import type { ReceiverFactory } from '../../component/factory.ts';
import { receiptMetrics } from '../../component/receipts.ts';
import { config, type ZipkinReceiverConfig } from './config.ts';
import { zipkinReceiver } from './receiver.ts';

/** Receives spans of Zipkin's clients. */
export const factory: ReceiverFactory<ZipkinReceiverConfig> = {
  kind: 'receiver',
  type: 'zipkin',
  stability: { traces: 'beta' },
  description:
    "Receives spans of Zipkin's clients over HTTP: both versions, JSON, protobuf, Thrift.",
  config,
  metrics: receiptMetrics(['traces']),
  create: (settings, given, next) => zipkinReceiver(settings, given, next.traces!),
};
