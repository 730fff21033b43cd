import { z } from 'zod';
import { duration } from '../../config/schema/duration.ts';

/** Keys below `names` of the receivers that capture live. */
export const namesConfig = z.strictObject({
  enabled: z
    .boolean()
    .default(true)
    .describe('Name processes and both ends of connections by what /proc tells.'),
  inventory: z
    .string()
    .default('')
    .describe('Path of a YAML file that names services, hosts and networks; empty = none.'),
  entity_interval: duration({ max: 86_400_000 })
    .refine((ms) => ms % 1000 === 0, 'must be whole seconds')
    .prefault('5m')
    .describe('Entities are reported so often to the logs pipeline; 0 = not at all.'),
});

/** The keys below `names`, decoded; `entity_interval` in milliseconds. */
export type NamesConfig = z.infer<typeof namesConfig>;
