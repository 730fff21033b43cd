import { z } from 'zod';
import { pipelineId } from '../../config/groups/pipeline-id.ts';
import { checkEnvironment, errorModeText } from '../../ottl/config.ts';
import { compileItem } from './compile.ts';

const contexts = ['resource', 'span', 'metric', 'datapoint', 'log', 'request'] as const;

/** What a route's condition looks at; `request` is the metadata of the sender. */
export type Context = (typeof contexts)[number];

const item = z
  .strictObject({
    context: z
      .string()
      .default('')
      .transform((text, ctx): Context => {
        const known = contexts.find((one) => one === (text === '' ? 'resource' : text));
        if (known !== undefined) return known;
        ctx.addIssue({ code: 'custom', message: `invalid context: ${text}` });
        return z.NEVER;
      })
      .describe(
        'what the condition is about: resource (default), span, metric, datapoint, log or request',
      ),
    condition: z
      .string()
      .default('')
      .describe('OTTL condition; for requests `request["KEY"] == "VALUE"` or `!=`'),
    statement: z
      .string()
      .default('')
      .describe(
        'OTTL statement instead: `route() where CONDITION`, delete_key, delete_matching_keys',
      ),
    pipelines: z
      .array(pipelineId())
      .default([])
      .describe('where data goes that the condition is true of'),
    action: z
      .enum(['move', 'copy'])
      .default('move')
      .describe('move: later routes do not see it; copy: they do'),
  })
  .superRefine((given, ctx) => {
    const fault = faultOf(given);
    if (fault !== undefined) {
      ctx.addIssue({ code: 'custom', message: fault });
      return;
    }
    try {
      compileItem(given, checkEnvironment);
    } catch (error) {
      const path = [given.condition === '' ? 'statement' : 'condition'];
      ctx.addIssue({ code: 'custom', path, message: (error as Error).message });
    }
  });

/** A route; it has a condition or a statement, not both. */
export type TableItem = z.output<typeof item>;

function faultOf(given: TableItem): string | undefined {
  const { context, condition, statement, pipelines } = given;
  if (statement === '' && condition === '') {
    return 'invalid route: no condition or statement provided';
  }
  if (statement !== '' && condition !== '') {
    return 'invalid route: both condition and statement provided';
  }
  if (pipelines.length === 0) return 'invalid route: no pipelines defined';
  if (context === 'request' && condition === '') {
    return '"request" context requires a \'condition\'';
  }
  return undefined;
}

export const config = z
  .strictObject({
    default_pipelines: z
      .array(pipelineId())
      .default([])
      .describe('where data goes that no route took; [] = it is dropped'),
    error_mode: errorModeText
      .prefault('propagate')
      .describe('what a failing condition does: propagate (refuse the batch), ignore, silent'),
    table: z.array(item).default([]).describe('routes, tried in this order'),
  })
  .superRefine((given, ctx) => {
    if (given.table.length > 0) return;
    const message = 'invalid routing table: the routing table is empty';
    ctx.addIssue({ code: 'custom', path: ['table'], message });
  });

/** The keys as they are decoded; routes in their order. */
export type Config = z.output<typeof config>;
