import type { MetricInfo, ReceiverFactory } from '../../component/factory.ts';
import { signals } from '../../component/signals.ts';
import { config, type OtlpReceiverConfig } from './config.ts';
import { itemNames } from './items.ts';
import { OtlpReceiver } from './receiver.ts';

const metrics: MetricInfo[] = signals.flatMap((signal) =>
  (['accepted', 'refused', 'failed'] as const).map((what) => ({
    name: `otelcol_receiver_${what}_${itemNames[signal]}`,
    description: `Items of signal ${signal} that were ${what}.`,
    unit: `{${itemNames[signal]}}`,
    kind: 'counter' as const,
  })),
);

/** Receives OTLP over gRPC and HTTP. */
export const factory: ReceiverFactory<OtlpReceiverConfig> = {
  kind: 'receiver',
  type: 'otlp',
  stability: { traces: 'beta', metrics: 'beta', logs: 'beta', profiles: 'development' },
  description: 'Receives OTLP over gRPC and HTTP, protobuf and JSON.',
  config,
  metrics,
  create: (settings, given, next) => new OtlpReceiver(settings, given, next),
};
