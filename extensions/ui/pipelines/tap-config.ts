import { z } from 'zod';

/** What a tap may show. */
export interface TapConfig {
  readonly batches_per_second: number;
  readonly max_items: number;
  readonly mask: readonly string[];
}

/** The section `tap`. */
export function tapSection() {
  return z
    .strictObject({
      batches_per_second: z
        .number()
        .min(0.1)
        .max(20)
        .default(2)
        .describe('Most batches that each tap shows in a second.'),
      max_items: z.int().min(1).max(100).default(10).describe('Most items it shows of a batch.'),
      mask: z
        .array(z.string().min(1).max(200))
        .max(100)
        .default([])
        .describe('Attribute keys whose values are masked beside the usual ones; * = anything.'),
    })
    .prefault({});
}
