import type { ExporterFactory } from '../../component/factory.ts';
import { createExporter } from '../../pipeline/exporter.ts';
import { type Config, config } from './config.ts';
import { DebugBackend } from './exporter.ts';

export const factory: ExporterFactory<Config> = {
  kind: 'exporter',
  type: 'debug',
  stability: { traces: 'alpha', metrics: 'alpha', logs: 'alpha', profiles: 'alpha' },
  description: 'Writes what it gets to the log or to standard output.',
  config,
  create(signal, settings, own) {
    const delivery = { timeout: 0, sending_queue: own.sending_queue };
    return createExporter(signal, settings, delivery, new DebugBackend(signal, settings, own));
  },
};
