import { z } from 'zod';

/** Keys of the processor. */
export const config = z.strictObject({
  keys: z
    .array(z.string())
    .default([])
    .describe('Attributes of items that become attributes of their resource; none = only join.'),
});

export type Config = z.output<typeof config>;
