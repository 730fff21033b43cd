import { z } from 'zod';
import { duration } from '../../config/schema/index.ts';
import { regexpFault } from '../../pdata/regexp/index.ts';

const typeNames = ['sum', 'histogram', 'exponentialhistogram'] as const;

const match = z
  .strictObject({
    match_type: z
      .string()
      .default('')
      .describe('how `metrics` are compared: strict or regexp; anything else matches all'),
    regexp: z
      .strictObject({
        cacheenabled: z.boolean().default(false),
        cachemaxnumentries: z.int().default(0),
      })
      .optional()
      .describe('accepted for compatibility: patterns need no cache here'),
    metrics: z.array(z.string()).default([]).describe('names or patterns of metrics, one of them'),
    metric_types: z
      .array(z.string())
      .default([])
      .describe('sum, histogram, exponentialhistogram; in any letter case'),
  })
  .superRefine((given, ctx) => {
    const types: readonly string[] = typeNames;
    const wrong = given.metric_types.find((type) => !types.includes(type.toLowerCase()));
    if (wrong !== undefined) {
      const message = `found invalid metric type in metric_types: ${wrong}. Valid values are ${typeNames.join(', ')}`;
      ctx.addIssue({ code: 'custom', path: ['metric_types'], message });
    }
    if (given.metrics.length > 0 && given.match_type === '') {
      const message = 'match_type must be set if metrics are supplied';
      ctx.addIssue({ code: 'custom', path: ['match_type'], message });
    }
    if (given.metrics.length === 0 && given.match_type !== '') {
      const message = 'metrics must be supplied if match_type is set';
      ctx.addIssue({ code: 'custom', path: ['metrics'], message });
    }
    if (given.match_type !== 'regexp') return;
    for (const [i, pattern] of given.metrics.entries()) {
      const message = regexpFault(pattern);
      if (message !== undefined) ctx.addIssue({ code: 'custom', path: ['metrics', i], message });
    }
  });

export const config = z.strictObject({
  max_staleness: duration({ min: Number.NEGATIVE_INFINITY })
    .prefault('1h')
    .describe('age of its last point at which a stream is forgotten; 0 or less = never'),
  initial_value: z
    .enum(['auto', 'keep', 'drop'])
    .default('auto')
    .describe(
      'first point of a stream: auto = kept when its start time is set and after the start of ' +
        'the processor, keep = always kept, drop = never',
    ),
  include: match.prefault({}).describe('metrics to convert; absent = all'),
  exclude: match.prefault({}).describe('metrics not to convert'),
});

/** The keys as they are decoded; `max_staleness` in milliseconds, 0 = nothing is forgotten. */
export type Config = z.output<typeof config>;
/** What `include` or `exclude` says. */
export type Match = z.output<typeof match>;
