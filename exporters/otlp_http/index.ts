import type { ExporterFactory } from '../../component/factory.ts';
import { createExporter } from '../../pipeline/exporter.ts';
import { OtlpHttpBackend } from './backend.ts';
import { checkUrls, config, type OtlpHttpConfig } from './config.ts';

/** Sends OTLP over HTTP. */
export const factory: ExporterFactory<OtlpHttpConfig> = {
  kind: 'exporter',
  type: 'otlp_http',
  aliases: ['otlphttp'],
  stability: { traces: 'beta', metrics: 'beta', logs: 'beta', profiles: 'development' },
  description: 'Sends OTLP over HTTP, protobuf or JSON.',
  config,
  check: checkUrls,
  create: (signal, settings, given) =>
    createExporter(signal, settings, given, new OtlpHttpBackend(signal, settings, given)),
};
