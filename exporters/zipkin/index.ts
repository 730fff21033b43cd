import type { ExporterFactory } from '../../component/factory.ts';
import { createExporter } from '../../pipeline/exporter.ts';
import { ZipkinBackend } from './backend.ts';
import { config, type ZipkinExporterConfig } from './config.ts';

/** Posts spans to a Zipkin server. */
export const factory: ExporterFactory<ZipkinExporterConfig> = {
  kind: 'exporter',
  type: 'zipkin',
  stability: { traces: 'beta' },
  description: 'Posts spans to a Zipkin server, as JSON or protobuf of its second version.',
  config,
  create: (signal, settings, given) =>
    createExporter(signal, settings, given, new ZipkinBackend(settings, given)),
};
