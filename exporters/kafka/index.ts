import type { ExporterFactory } from '../../component/factory.ts';
import { createExporter } from '../../pipeline/exporter.ts';
import { KafkaBackend } from './backend.ts';
import { config, type KafkaExporterConfig } from './config.ts';
import { kafkaMetrics } from './telemetry.ts';

/** Writes to topics of Kafka. */
export const factory: ExporterFactory<KafkaExporterConfig> = {
  kind: 'exporter',
  type: 'kafka',
  stability: { traces: 'beta', metrics: 'beta', logs: 'beta', profiles: 'development' },
  description: 'Writes to topics of Kafka, OTLP as protobuf or JSON.',
  config,
  metrics: kafkaMetrics,
  create: (signal, settings, given) =>
    createExporter(signal, settings, given, new KafkaBackend(signal, settings, given)),
};
