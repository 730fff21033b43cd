import { z } from 'zod';
import { duration } from '../../config/schema/index.ts';

/** The keys as they are decoded; fractions are accepted and not used. */
export interface PprofConfig {
  readonly endpoint: string;
  readonly block_profile_fraction: number;
  readonly mutex_profile_fraction: number;
  readonly save_to_file: string;
}

/** Configuration of the extension. */
export const config = z.strictObject({
  endpoint: z.string().default('localhost:1777').describe('address to listen on'),
  dialer: z
    .strictObject({
      timeout: duration({ min: Number.NEGATIVE_INFINITY })
        .prefault(0)
        .describe('time that connecting may take')
        .meta({ unused: 'a listener connects to nothing' }),
    })
    .prefault({})
    .describe('for addresses that are connected to; a listener has no use for it'),
  block_profile_fraction: z
    .int()
    .default(0)
    .describe('no effect: there are no blocking profiles here'),
  mutex_profile_fraction: z
    .int()
    .default(0)
    .describe('no effect: there are no mutex profiles here'),
  save_to_file: z
    .string()
    .default('')
    .describe('file that a CPU profile from start to end is written to'),
});
