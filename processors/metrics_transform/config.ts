import { z } from 'zod';
import { regexpFault } from '../../pdata/regexp/index.ts';

const aggregations = ['sum', 'mean', 'min', 'max', 'count', 'median'] as const;

const operationActions = [
  'add_label',
  'update_label',
  'delete_label_value',
  'toggle_scalar_data_type',
  'experimental_scale_value',
  'aggregate_labels',
  'aggregate_label_values',
] as const;

const actions = ['insert', 'update', 'combine', 'group'] as const;

/** One of some words; the empty text is as if absent. */
const oneOf = <W extends string>(key: string, words: readonly W[]) =>
  z
    .enum(['', ...words] as ['', ...W[]], {
      error: `"${key}" must be in ${JSON.stringify(words)}`,
    })
    .default('' as never);

const aggregation = oneOf('aggregation_type', aggregations).describe(
  'how points that become one are joined: sum, mean, min, max, count, median; histograms are added up',
);

const text = (what: string) => z.string().default('').describe(what);
const texts = (what: string) => z.array(z.string()).default([]).describe(what);

const operation = z
  .strictObject({
    action: z
      .enum(operationActions, { error: `"action" must be in ${JSON.stringify(operationActions)}` })
      .describe('what to do with the points of the metric'),
    label: text('attribute to act upon'),
    new_label: text('add_label: attribute to add; update_label: new name'),
    label_set: texts('aggregate_labels: attributes to keep'),
    aggregation_type: aggregation,
    aggregated_values: texts('aggregate_label_values: values that become new_value'),
    new_value: text('value to write; {{version}} is the version of this program'),
    value_actions: z
      .array(z.strictObject({ value: z.string().default(''), new_value: z.string().default('') }))
      .default([])
      .describe('update_label: new values for values'),
    experimental_scale: z.number().default(0).describe('experimental_scale_value: the factor'),
    label_value: text('delete_label_value: points with this value go'),
  })
  .superRefine((given, ctx) => {
    const missing = (key: keyof typeof given) =>
      ctx.addIssue({
        code: 'custom',
        path: [key],
        message: `missing required field "${key}" while "action" is ${given.action}`,
      });
    if (given.action === 'update_label' && given.label === '') missing('label');
    if (given.action === 'add_label' && given.new_label === '') missing('new_label');
    if (given.action === 'add_label' && given.new_value === '') missing('new_value');
    if (given.action === 'experimental_scale_value' && given.experimental_scale === 0) {
      missing('experimental_scale');
    }
  });

const transform = z
  .strictObject({
    include: text('name or pattern of the metrics to act upon; required'),
    match_type: oneOf('match_type', ['strict', 'regexp']).describe(
      'how include and the labels are compared; absent = strict',
    ),
    experimental_match_labels: z
      .record(z.string(), z.string())
      .default({})
      .describe('attributes that points must have; an absent one is the empty text'),
    action: z
      .enum(actions, { error: `"action" must be in ${JSON.stringify(actions)}` })
      .describe(
        'update = in place, insert = on a copy, combine = on one metric made of all, group = on a ' +
          'resource of their own',
      ),
    new_name: text('new name of the metric; $1 and $name stand for groups of the pattern'),
    group_resource_labels: z
      .record(z.string(), z.string())
      .optional()
      .describe('group: attributes that the new resource gets'),
    aggregation_type: aggregation,
    submatch_case: oneOf('submatch_case', ['lower', 'upper']).describe(
      'accepted and, as in the Go collector, without effect; a warning says so',
    ),
    operations: z.array(operation).default([]).describe('what to do, in this order'),
  })
  .superRefine((given, ctx) => {
    const fault = (key: keyof typeof given, message: string) =>
      ctx.addIssue({ code: 'custom', path: [key], message });
    const missing = (key: keyof typeof given) =>
      fault(key, `missing required field "${key}" while "action" is ${given.action}`);
    if (given.include === '') fault('include', 'missing required field "include"');
    if (given.action === 'insert' && given.new_name === '') missing('new_name');
    if (given.action === 'combine' && given.new_name === '') missing('new_name');
    if (given.action === 'combine' && given.aggregation_type === '') missing('aggregation_type');
    if (given.action === 'group' && given.group_resource_labels === undefined) {
      missing('group_resource_labels');
    }
    if (given.match_type !== 'regexp') return;
    const wrong = regexpFault(given.include);
    if (wrong !== undefined) fault('include', wrong);
    for (const [label, pattern] of Object.entries(given.experimental_match_labels)) {
      const message = regexpFault(pattern);
      const path = ['experimental_match_labels', label];
      if (message !== undefined) ctx.addIssue({ code: 'custom', path, message });
    }
  });

export const config = z.strictObject({
  transforms: z
    .array(transform)
    .default([])
    .describe('applied in order, each to what the one before left'),
});

/** The keys as they are decoded. */
export type Config = z.output<typeof config>;
/** An entry of `transforms`; they are done in their order. */
export type Transform = z.output<typeof transform>;
/** An entry of `operations`; which keys count depends on its `action`. */
export type Operation = z.output<typeof operation>;
