import { z } from 'zod';
import { duration } from '../../config/schema/index.ts';

const count = (description: string) => z.int().nonnegative().describe(description);

export const config = z
  .strictObject({
    timeout: duration()
      .prefault('200ms')
      .describe('time after which a batch is sent however small it is; 0 = at once'),
    send_batch_size: count('items from which a batch is sent; 0 = only time decides').default(8192),
    send_batch_max_size: count('items that batches are split at; 0 = never').default(0),
    metadata_keys: z
      .array(z.string())
      .default([])
      .describe("client metadata keys whose values keep batches apart (receiver's metadata)"),
    metadata_cardinality_limit: count(
      'combinations of metadata values at most; data of others is refused',
    ).default(1000),
  })
  .superRefine((given, ctx) => {
    if (given.send_batch_max_size > 0 && given.send_batch_max_size < given.send_batch_size) {
      const message = 'send_batch_max_size must be greater or equal to send_batch_size';
      ctx.addIssue({ code: 'custom', path: ['send_batch_max_size'], message });
    }
    const keys = given.metadata_keys.map((key) => key.toLowerCase());
    const twice = keys.find((key, i) => keys.indexOf(key) !== i);
    if (twice !== undefined) {
      const message = `duplicate entry in metadata_keys: ${JSON.stringify(twice)} (case-insensitive)`;
      ctx.addIssue({ code: 'custom', path: ['metadata_keys'], message });
    }
  });

/** The keys as they are decoded; `timeout` in milliseconds, 0 = batches go on at once. */
export type Config = z.output<typeof config>;
