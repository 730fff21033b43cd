import { z } from 'zod';
import { errorModeText, groupContext, groupList, texts } from '../../ottl/config.ts';
import { checkConfig } from './check.ts';

const statementGroup = z.strictObject({
  context: groupContext
    .optional()
    .describe('What the statements run on; absent: inferred from the names of paths.'),
  conditions: texts('Statements run where one of them holds; none = everywhere.').default([]),
  statements: texts('Statements, in their order.').default([]),
  error_mode: errorModeText.optional().describe('Instead of the error_mode of the processor.'),
});

/** Statements with a context, or without one: then their paths name it. */
export type StatementGroup = z.output<typeof statementGroup>;

const emptyText = 'empty statement list items are not supported';

const groups = (what: string) =>
  groupList(
    statementGroup,
    (statements): StatementGroup => ({ conditions: [], statements }),
    true,
    emptyText,
  )
    .default([])
    .describe(`Statements on ${what}, or groups of them.`)
    .meta({ noNull: true });

/** Keys of the transform processor. */
export const config = z
  .strictObject({
    error_mode: errorModeText
      .prefault('ignore')
      .describe('What a statement that fails does: ignore (logged), silent, propagate.'),
    trace_statements: groups('spans, their events, resources and scopes'),
    metric_statements: groups('metrics, their data points, resources and scopes'),
    log_statements: groups('log records, resources and scopes'),
    profile_statements: groups('profiles (not supported)'),
    flatten_data: z
      .boolean()
      .default(false)
      .describe(
        'Logs: each record has a resource and scope of its own while statements run; needs the ' +
          'feature gate transform.flatten.logs.',
      ),
  })
  .superRefine(checkConfig);

/** The keys as they are decoded; groups are run in their order. */
export type Config = z.output<typeof config>;
