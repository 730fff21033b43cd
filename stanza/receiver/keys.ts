import { z } from 'zod';
import { extensionId } from '../../config/groups/extension-id.ts';
import { duration } from '../../config/schema/index.ts';
import { attributer } from '../attributer.ts';
import { OperatorFault } from '../fault.ts';
import { type PipelinePlan, planPipeline } from '../pipeline.ts';

const texts = (key: 'attributes' | 'resource') =>
  z
    .record(z.string(), z.string())
    .default({})
    .transform((given, ctx) => {
      try {
        return attributer(key, given);
      } catch (error) {
        return fault(error, ctx);
      }
    });

function fault(error: unknown, ctx: z.RefinementCtx): never {
  if (!(error instanceof OperatorFault)) throw error;
  ctx.addIssue({ code: 'custom', message: error.message, path: [...error.path] });
  return z.NEVER;
}

/** A list of operators, checked; what it decodes to is a plan. */
export function operatorList() {
  return z.array(z.unknown()).transform((sections, ctx): PipelinePlan => {
    try {
      return planPipeline(sections);
    } catch (error) {
      return fault(error, ctx);
    }
  });
}

const retry = z.strictObject({
  enabled: z
    .boolean()
    .default(false)
    .describe('whether data that the pipeline refuses is offered again; reading waits meanwhile'),
  initial_interval: duration().prefault('1s').describe('pause before the first retry'),
  max_interval: duration().prefault('30s').describe('longest pause between retries'),
  max_elapsed_time: duration()
    .prefault('5m')
    .describe('time after which the data is dropped; 0 = never'),
});

/** Keys that all receivers with operators have. */
export const receiverKeys = {
  operators: operatorList().prefault([]).describe('operators that entries run through, in order'),
  storage: extensionId()
    .optional()
    .describe('id of a storage extension that keeps what was read across restarts'),
  retry_on_failure: retry.prefault({}).describe('what happens when the pipeline refuses data'),
  attributes: texts('attributes').describe('attributes to add; values may hold EXPR(...)'),
  resource: texts('resource').describe('resource attributes to add; values may hold EXPR(...)'),
};

/** Decoded retry keys; milliseconds. */
export type RetryConfig = z.output<typeof retry>;

/** What {@link receiverKeys} decode to. */
export type ReceiverConfig = z.output<z.ZodObject<typeof receiverKeys>>;
