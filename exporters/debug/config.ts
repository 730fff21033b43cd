import { z } from 'zod';
import { section } from '../../config/schema/index.ts';
import { queueSchema } from '../../pipeline/config.ts';

const levels = ['basic', 'normal', 'detailed'] as const;

/** A name in any case, or its number. */
function lowerCase(value: unknown): unknown {
  if (typeof value === 'string') return value.toLowerCase();
  return typeof value === 'number' ? (levels[Math.trunc(value)] ?? value) : value;
}

const keys = z.strictObject({
  verbosity: z
    .preprocess(lowerCase, z.enum(levels))
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
    .optional()
    .describe('stdout, stderr or files; default stdout; only without the internal logger.'),
  sending_queue: section(queueSchema()).describe('Lets senders go on while it writes.'),
});

/** Keys of the debug exporter. */
export const config = keys.superRefine(({ output_paths: paths, use_internal_logger: log }, ctx) => {
  if (paths === undefined) return;
  const report = (message: string) =>
    ctx.addIssue({ code: 'custom', path: ['output_paths'], message });
  if (log) report('output_paths is not supported when use_internal_logger is true');
  else if (paths.length === 0) report('output_paths must not be empty');
});

/** The keys as they are decoded. */
export type Config = ReturnType<typeof config.parse>;
