import { z } from 'zod';
import { actionList } from '../../pdata/actions/config.ts';
import { matchKeys } from '../../pdata/actions/match-config.ts';

/** Keys of the attributes processor. */
export const config = z.strictObject({ actions: actionList, ...matchKeys });

/** The keys as they are decoded, `actions` in the order in which they are done. */
export type Config = z.output<typeof config>;
