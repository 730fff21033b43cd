import type { z } from 'zod';
import { type QueueConfig, queueSchema } from '../../pipeline/config.ts';

/** The keys of an exporter's `sending_queue`, with defaults like those of the processor batch. */
export const config: z.ZodType<QueueConfig> = queueSchema({
  num_consumers: 1,
  queue_size: 10,
  block_on_overflow: true,
  batch: true,
});
