import { z } from 'zod';
import { duration } from '../../config/schema/index.ts';

export const config = z.strictObject({
  max_stale: duration({ min: Number.NEGATIVE_INFINITY })
    .refine((ms) => ms > 0, 'max_stale must be a positive duration')
    .prefault('5m')
    .describe('time without a point after which a stream is forgotten'),
  max_streams: z
    .union([z.number(), z.bigint()])
    .transform(Number)
    .refine(Number.isInteger, 'expected an integer')
    .refine((count) => count >= 0, 'max_streams must be a positive number')
    .default(Number.MAX_SAFE_INTEGER)
    .describe('streams at most; points of further ones are dropped'),
});

/** The keys as they are decoded; `max_stale` in milliseconds, above 0. */
export type Config = z.output<typeof config>;
