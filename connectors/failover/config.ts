import { z } from 'zod';
import { pipelineId } from '../../config/groups/pipeline-id.ts';
import { duration } from '../../config/schema/index.ts';
import { deliveryKeys } from '../../pipeline/config.ts';

const { sending_queue } = deliveryKeys();

export const config = z
  .strictObject({
    priority_levels: z
      .array(z.array(pipelineId()))
      .default([])
      .describe('pipelines, best level first; all pipelines of a level get the data'),
    retry_interval: duration({ min: Number.NEGATIVE_INFINITY })
      .prefault('10m')
      .describe('how often better levels are tried again'),
    retry_gap: duration({ min: Number.NEGATIVE_INFINITY })
      .optional()
      .describe('deprecated, without effect: all better levels are tried one after the other'),
    max_retries: z.int().optional().describe('deprecated, without effect: retries never end'),
    sending_queue,
  })
  .superRefine((given, ctx) => {
    const add = (key: string, message: string) =>
      ctx.addIssue({ code: 'custom', path: [key], message });
    if (given.priority_levels.length === 0) {
      add('priority_levels', 'No pipelines are defined in the priority list');
    }
    given.priority_levels.forEach((level, i) => {
      if (level.length > 0) return;
      add('priority_levels', `no pipelines are defined in level ${i + 1} of the priority list`);
    });
    if (given.retry_interval <= 0) add('retry_interval', 'Retry interval must be positive');
  });

/** The keys as they are decoded; times in milliseconds. */
export type Config = z.output<typeof config>;
