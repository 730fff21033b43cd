import type { ProcessorFactory } from '../../component/factory.ts';
import { metrics } from '../../pipeline/batch-telemetry.ts';
import { type Config, config } from './config.ts';
import { BatchProcessor } from './processor.ts';

/** Joins small batches to larger ones; see README.md. */
export const factory: ProcessorFactory<Config> = {
  kind: 'processor',
  type: 'batch',
  stability: { traces: 'beta', metrics: 'beta', logs: 'beta', profiles: 'development' },
  description: 'Joins small batches to larger ones.',
  config,
  metrics,
  create: (_signal, settings, decoded, next) => new BatchProcessor(settings, decoded, next),
};
