import type { ExporterFactory } from '../../component/factory.ts';
import { type Config, config } from './config.ts';
import { DebugExporter } from './exporter.ts';

export const factory: ExporterFactory<Config> = {
  kind: 'exporter',
  type: 'debug',
  stability: { traces: 'alpha', metrics: 'alpha', logs: 'alpha', profiles: 'alpha' },
  description: 'Writes what it gets to the log or to standard output.',
  config,
  create: (signal, settings, own) => new DebugExporter(signal, settings, own),
};
