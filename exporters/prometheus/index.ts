import type { ExporterFactory } from '../../component/factory.ts';
import type { Settings } from '../../component/settings.ts';
import type { Signal } from '../../component/signals.ts';
import { createExporter, type PushBackend } from '../../pipeline/exporter.ts';
import { PrometheusBackend } from './backend.ts';
import { config, type PrometheusConfig } from './config.ts';

/** Shows metrics to Prometheus. */
export const factory: ExporterFactory<PrometheusConfig> = {
  kind: 'exporter',
  type: 'prometheus',
  stability: { metrics: 'beta' },
  description:
    'Shows the last values of metrics to scrapes: Prometheus text, OpenMetrics, protobuf.',
  config,
  create<S extends Signal>(signal: S, settings: Settings, given: PrometheusConfig) {
    const backend = new PrometheusBackend(settings, given) as unknown as PushBackend<S>;
    const { sending_queue } = given;
    return createExporter(signal, settings, { timeout: 0, sending_queue }, backend);
  },
};
