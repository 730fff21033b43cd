import { z } from 'zod';
import { errorModeText, groupContext, groupList, texts } from '../../ottl/config.ts';
import { checkConfig } from './check.ts';

const conditionGroup = z.strictObject({
  context: groupContext
    .optional()
    .describe('What the conditions are tested on; absent: inferred from the names of paths.'),
  conditions: texts('Conditions; an item goes when one of them holds.').default([]),
  error_mode: errorModeText.optional().describe('Instead of the error_mode of the processor.'),
});

/** Conditions of one context; what meets one of them is dropped. */
export type ConditionGroup = z.output<typeof conditionGroup>;

const emptyText = 'condition cannot be empty';

const groups = (what: string) =>
  groupList(conditionGroup, (conditions): ConditionGroup => ({ conditions }), false, emptyText)
    .optional()
    .describe(`Conditions on ${what}, or groups of them.`);

const list = (what: string) => texts(what).optional();

const noCache = { unused: 'results of patterns are not cached' };

const regexpOptions = z
  .strictObject({
    cacheenabled: z.boolean().default(false).describe('Whether results are cached.').meta(noCache),
    cachemaxnumentries: z.int().default(0).describe('Most entries of the cache.').meta(noCache),
  })
  .optional();

const attributes = (what: string) =>
  z
    .array(
      z.strictObject({
        key: z.string().default(''),
        value: z.unknown().optional().describe('Absent: any value.'),
      }),
    )
    .default([])
    .describe(what);

const matchType = z.string().default('').describe('strict or regexp.');

const spanMatch = z
  .strictObject({
    match_type: matchType,
    regexp: regexpOptions,
    services: texts('Values of service.name.').default([]),
    span_names: texts('Names of spans.').default([]),
    span_kinds: texts('Kinds of spans, e.g. SPAN_KIND_SERVER.').default([]),
    attributes: attributes('Attributes, all of them.'),
    resources: attributes('Attributes of the resource, all of them.'),
    libraries: z
      .array(z.strictObject({ name: z.string().default(''), version: z.string().optional() }))
      .default([])
      .describe('Instrumentation scopes, all of them.'),
    metric_names: texts('Not for spans.').default([]),
    log_bodies: texts('Not for spans.').default([]),
    log_severity_texts: texts('Not for spans.').default([]),
    log_severity_number: z
      .strictObject({ min: z.int().default(0), match_undefined: z.boolean().default(false) })
      .optional()
      .describe('Not for spans.'),
  })
  .optional();

const metricMatch = z
  .strictObject({
    match_type: z.string().default('').describe('strict, regexp or expr.'),
    regexp: regexpOptions,
    metric_names: texts('Names of metrics, one of them.').default([]),
    expressions: texts('Conditions on MetricName, MetricType, HasLabel, Label.').default([]),
    resource_attributes: attributes('Attributes of the resource, all of them.'),
  })
  .optional();

const logMatch = z
  .strictObject({
    match_type: matchType,
    resource_attributes: attributes('Attributes of the resource, all of them.'),
    record_attributes: attributes('Attributes, all of them.'),
    severity_texts: texts('Severity texts, one of them.').default([]),
    severity_number: z
      .strictObject({
        min: z.string().default('').describe('Lowest severity, e.g. INFO or 9.'),
        match_undefined: z.boolean().default(false),
      })
      .optional(),
    bodies: texts('Bodies as texts, one of them.').default([]),
  })
  .optional();

/** `spans::include` or `spans::exclude`: all that it gives has to match. */
export type SpanMatch = NonNullable<z.output<typeof spanMatch>>;
/** `metrics::include` or `metrics::exclude`; `expr` looks at points, the rest at metrics. */
export type MetricMatch = NonNullable<z.output<typeof metricMatch>>;
/** `logs::include` or `logs::exclude`: all that it gives has to match. */
export type LogMatch = NonNullable<z.output<typeof logMatch>>;

/** Keys of the filter processor. */
export const config = z
  .strictObject({
    error_mode: errorModeText
      .prefault('ignore')
      .describe('What a condition that fails does: ignore (logged), silent, propagate.'),
    trace_conditions: groups('spans, their events, resources and scopes'),
    metric_conditions: groups('metrics, their data points, resources and scopes'),
    log_conditions: groups('log records, resources and scopes'),
    profile_conditions: groups('profiles (not supported)'),
    traces: z
      .strictObject({
        resource: list('Conditions on resources.'),
        span: list('Conditions on spans.'),
        spanevent: list('Conditions on span events.'),
      })
      .prefault({})
      .describe('Older form of trace_conditions.'),
    metrics: z
      .strictObject({
        resource: list('Conditions on resources.'),
        metric: list('Conditions on metrics.'),
        datapoint: list('Conditions on data points.'),
        include: metricMatch.describe('Oldest form: what stays.'),
        exclude: metricMatch.describe('Oldest form: what goes.'),
        regexp: regexpOptions,
      })
      .prefault({})
      .describe('Older form of metric_conditions.'),
    logs: z
      .strictObject({
        resource: list('Conditions on resources.'),
        log_record: list('Conditions on log records.'),
        include: logMatch.describe('Oldest form: what stays.'),
        exclude: logMatch.describe('Oldest form: what goes.'),
      })
      .prefault({})
      .describe('Older form of log_conditions.'),
    spans: z
      .strictObject({ include: spanMatch, exclude: spanMatch })
      .prefault({})
      .describe('Oldest form of trace_conditions.'),
    profiles: z
      .strictObject({ resource: list('Not supported.'), profile: list('Not supported.') })
      .prefault({})
      .describe('Not supported.'),
  })
  .superRefine(checkConfig);

/** The keys as they are decoded, older ones beside conditions. */
export type Config = z.output<typeof config>;
