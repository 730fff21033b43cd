import type { ProcessorFactory } from '../../component/factory.ts';
import { type Config, config } from './config.ts';
import { processMemory } from './memory.ts';
import { MemoryLimiter } from './processor.ts';

/** Refuses data while the process uses too much memory; see README.md. */
export const factory: ProcessorFactory<Config> = {
  kind: 'processor',
  type: 'memory_limiter',
  stability: { traces: 'beta', metrics: 'beta', logs: 'beta', profiles: 'development' },
  description: 'Refuses data while the process uses too much memory.',
  config,
  create: (signal, settings, decoded, next) =>
    new MemoryLimiter(signal, settings, decoded, next, processMemory()),
};
