import { z } from 'zod';
import { leastProbability } from './threshold.ts';

const modes = ['', 'hash_seed', 'equalizing', 'proportional'] as const;
const sources = ['', 'traceID', 'record'] as const;

/** Keys of the processor. */
export const config = z.strictObject({
  sampling_percentage: z
    .union([z.number(), z.nan(), z.literal([Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])])
    .default(0)
    .superRefine((given, ctx) => {
      const percent = Math.fround(given);
      const say = (what: string) =>
        ctx.addIssue({ code: 'custom', message: `sampling rate is ${what}: ${percent}%` });
      if (!Number.isFinite(percent)) say('invalid');
      else if (percent < 0) say('negative');
      else if (percent > 0 && percent / 100 < leastProbability) say('too small');
    })
    .describe('Percentage of items that are sampled; 100 and more = all.'),
  hash_seed: z
    .number()
    .min(0)
    // larger ones lose their upper bits, as in the Go collector
    .transform((seed) => Math.trunc(seed) >>> 0)
    .default(0)
    .describe('Keeps layers of samplers apart, in mode hash_seed.'),
  mode: z
    .string()
    .default('')
    .transform((text, ctx): (typeof modes)[number] => {
      const mode = modes.find((known) => known === text);
      if (mode !== undefined) return mode;
      const message = `unsupported sampler mode ${JSON.stringify(text)}`;
      ctx.addIssue({ code: 'custom', message });
      return z.NEVER;
    })
    .describe('hash_seed (the default), equalizing or proportional.'),
  fail_closed: z
    .boolean()
    .default(true)
    .describe('Items with a faulty trace state or without randomness are dropped, else sampled.'),
  sampling_precision: z
    .number()
    .transform(Math.trunc)
    .default(4)
    .superRefine((digits, ctx) => {
      if (digits === 0) ctx.addIssue({ code: 'custom', message: 'invalid sampling precision: 0' });
      if (digits <= 14) return;
      const message = `sampling precision is too great, should be <= 14: ${digits}`;
      ctx.addIssue({ code: 'custom', message });
    })
    .describe('Hex digits of thresholds, 1 to 14.'),
  attribute_source: z
    .string()
    .default('traceID')
    .transform((text, ctx): (typeof sources)[number] => {
      const source = sources.find((known) => known === text);
      if (source !== undefined) return source;
      const message = `invalid attribute source: ${text}. Expected: traceID or record`;
      ctx.addIssue({ code: 'custom', message });
      return z.NEVER;
    })
    .describe('Logs: whether the trace id is hashed, or the attribute of from_attribute only.'),
  from_attribute: z
    .string()
    .default('')
    .describe('Logs: attribute that is hashed where there is no trace id.'),
  sampling_priority: z
    .string()
    .default('')
    .describe('Logs: attribute that holds the percentage for its record.'),
});

/** The keys as they are decoded. */
export type Config = z.output<typeof config>;
