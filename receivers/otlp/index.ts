import type { ReceiverFactory } from '../../component/factory.ts';
import { receiptMetrics } from '../../component/receipts.ts';
import { signals } from '../../component/signals.ts';
import { config, type OtlpReceiverConfig } from './config.ts';
import { OtlpReceiver } from './receiver.ts';

/** Receives OTLP over gRPC and HTTP. */
export const factory: ReceiverFactory<OtlpReceiverConfig> = {
  kind: 'receiver',
  type: 'otlp',
  stability: { traces: 'beta', metrics: 'beta', logs: 'beta', profiles: 'development' },
  description: 'Receives OTLP over gRPC and HTTP, protobuf and JSON.',
  config,
  metrics: receiptMetrics(signals),
  create: (settings, given, next) => new OtlpReceiver(settings, given, next),
};
