import { z } from 'zod';

/** Keys of the processor. */
export const config = z.strictObject({
  keys: z
    .array(z.string())
    .default([])
    .describe('Attributes of items that become attributes of their resource; none = only join.'),
});

/** The keys as they are decoded; without keys equal resources are put together. */
export type Config = z.output<typeof config>;
