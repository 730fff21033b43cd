import type { ExporterFactory } from '../../component/factory.ts';
import { createExporter } from '../../pipeline/exporter.ts';
import { OtlpGrpcBackend } from '../../pipeline/otlp-grpc/backend.ts';
import type { OtlpGrpcConfig } from '../../pipeline/otlp-grpc/config.ts';
import { config } from './config.ts';

/** Sends OTLP over gRPC. */
export const factory: ExporterFactory<OtlpGrpcConfig> = {
  kind: 'exporter',
  type: 'otlp_grpc',
  aliases: ['otlp'],
  stability: { traces: 'beta', metrics: 'beta', logs: 'beta', profiles: 'development' },
  description: 'Sends OTLP over gRPC.',
  config,
  create: (signal, settings, given) =>
    createExporter(signal, settings, given, new OtlpGrpcBackend(signal, settings, given)),
};
