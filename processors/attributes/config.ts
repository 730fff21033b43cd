import { z } from 'zod';
import { actionList } from '../../pdata/actions/config.ts';
import { matchKeys } from '../../pdata/actions/match-config.ts';

/** Keys of the attributes processor. */
export const config = z.strictObject({ actions: actionList, ...matchKeys });

export type Config = z.output<typeof config>;
