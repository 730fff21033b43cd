import type { ExporterConfig, QueueConfig } from '../../pipeline/config.ts';
import { type BatchProcessorConfig, foldBatchProcessors } from '../../pipeline/fold-batch.ts';
import type { ProgramConfig } from '../config/program.ts';

/** A configuration whose `batch` processors went into queues where that is possible. */
export interface FoldedProgram {
  readonly config: ProgramConfig;
  /** `sending_queue` by foldKey, for the exporters whose queue now batches. */
  readonly queues: ReadonlyMap<string, QueueConfig>;
}

/** Folds what can be folded (see foldBatchProcessors); the given configuration stays as it is. */
export function foldBatches(config: ProgramConfig): FoldedProgram {
  const { processor, exporter } = config.components;
  const { pipelines, queues } = foldBatchProcessors({
    pipelines: config.pipelines,
    batch(id) {
      const found = processor.get(id);
      return found?.factory.type === 'batch' ? (found.config as BatchProcessorConfig) : undefined;
    },
    queue: (id) => (exporter.get(id)?.config as Partial<ExporterConfig> | undefined)?.sending_queue,
  });
  return { config: { ...config, pipelines }, queues };
}
