import type { ExporterConfig } from '../../pipeline/config.ts';

/** Rows of a block at which it is sent before the time is up. */
const FULL = 100_000;
/** Milliseconds that rows wait for others. */
const IDLE_MS = 1_000;

/**
 * A queue without batching gets the batching that ClickHouse wants: each insert makes a part, and a
 * part costs about as much as thousands of rows. What is configured is kept.
 */
export function withBatching<C extends ExporterConfig>(config: C): C {
  const queue = config.sending_queue;
  if (queue === undefined || queue.batch !== undefined) return config;
  const min = queue.sizer === 'items' ? Math.min(FULL, queue.queue_size) : FULL;
  const batch = { flush_timeout: IDLE_MS, min_size: min, max_size: 0, sizer: 'items' as const };
  return { ...config, sending_queue: { ...queue, batch } };
}
