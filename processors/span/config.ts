import { z } from 'zod';
import { matchKeys } from '../../pdata/actions/match-config.ts';

const toAttributes = z
  .strictObject({
    rules: z
      .array(z.string())
      .default([])
      .describe('Regular expressions; their named groups become attributes.'),
    break_after_match: z
      .boolean()
      .default(false)
      .describe('The first rule that matches is the last.'),
    keep_original_name: z
      .boolean()
      .default(false)
      .describe('Else `{group}` takes the place of what a group matched.'),
  })
  .optional();

/** Keys of the processor. */
export const config = z.strictObject({
  name: z
    .strictObject({
      from_attributes: z
        .array(z.string())
        .default([])
        .describe('Attributes whose values make the name, where all of them are there.'),
      separator: z.string().default('').describe('Stands between the values.'),
      to_attributes: toAttributes,
    })
    .prefault({}),
  status: z
    .strictObject({
      code: z.string().default('').describe('Ok, Error or Unset.'),
      description: z.string().default('').describe('With Error only.'),
    })
    .optional(),
  ...matchKeys,
});

/** The keys as they are decoded. */
export type Config = z.output<typeof config>;
