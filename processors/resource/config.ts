import { z } from 'zod';
import { actionList } from '../../pdata/actions/config.ts';

/** Keys of the resource processor. */
export const config = z.strictObject({ attributes: actionList });

export type Config = z.output<typeof config>;
