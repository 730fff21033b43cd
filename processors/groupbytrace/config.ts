import { z } from 'zod';
import { duration } from '../../config/schema/index.ts';

/** An integer; a fraction is cut off, as the Go collector does. */
const int = () => z.number().transform(Math.trunc);

/** Keys of the processor. What the Go collector refuses at the start is refused there. */
export const config = z.strictObject({
  wait_duration: duration({ min: Number.NEGATIVE_INFINITY })
    .prefault('1s')
    .describe('Time from the first span of a trace until it is sent on.'),
  num_traces: int().default(1_000_000).describe('Traces that wait; the oldest is dropped.'),
  num_workers: int()
    .default(1)
    .describe('Read for the share of num_traces that a worker had; there is one.'),
  discard_orphans: z.boolean().default(false).describe('Not supported, there either.'),
  store_on_disk: z.boolean().default(false).describe('Not supported, there either.'),
});

/** The keys as they are decoded; times in milliseconds. */
export type Config = z.output<typeof config>;

/** @throws Error for what the schema lets through and no start does */
export function checkConfig(config: Config): void {
  if (config.store_on_disk) throw new Error("option 'store_on_disk' is not supported");
  if (config.discard_orphans) throw new Error("option 'discard_orphans' is not supported");
  if (config.num_workers < 1) {
    throw new Error(`cannot use num_workers ${config.num_workers}: at least 1 is needed`);
  }
  if (config.num_traces < config.num_workers) {
    throw new Error(`cannot use num_traces ${config.num_traces}: at least num_workers is needed`);
  }
}
