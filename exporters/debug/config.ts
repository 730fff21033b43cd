import { z } from 'zod';

const levels = ['basic', 'normal', 'detailed'] as const;

/** Keys of the debug exporter. */
export const config = z.strictObject({
  verbosity: z
    .preprocess(
      (value) =>
        typeof value === 'string' ? value.toLowerCase() : (levels[Number(value)] ?? value),
      z.enum(levels),
    )
    .prefault('basic')
    .describe('basic: counts; normal: a line an item; detailed: every field.'),
  sampling_initial: z
    .int()
    .default(2)
    .describe('Batches written in each second before sampling begins.'),
  sampling_thereafter: z
    .int()
    .default(1)
    .describe('After those every n-th batch of the second is written; 0 = none.'),
  use_internal_logger: z
    .boolean()
    .default(true)
    .describe("Write through the program's log; else to output_paths."),
  output_paths: z
    .array(z.string().min(1))
    .min(1)
    .default(['stdout'])
    .describe('stdout, stderr or files; only without the internal logger.'),
});

export type Config = ReturnType<typeof config.parse>;
