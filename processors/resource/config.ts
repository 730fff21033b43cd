import { z } from 'zod';
import { actionList } from '../../pdata/actions/config.ts';

/** Keys of the resource processor. */
export const config = z.strictObject({ attributes: actionList });

/** The keys as they are decoded, `attributes` in the order in which they are done. */
export type Config = z.output<typeof config>;
