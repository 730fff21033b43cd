import { z } from 'zod';
import { duration } from '../../config/schema/index.ts';

/** An integer; a fraction is cut off, as the Go collector does. */
const int = () => z.number().transform(Math.trunc);
const count = () => z.number().nonnegative().transform(Math.trunc);
const list = () => z.array(z.string()).default([]);

const latency = z
  .strictObject({
    threshold_ms: int().default(0).describe('Least duration of a trace that is sampled, in ms.'),
    upper_threshold_ms: int().default(0).describe('Longest duration, in ms; 0 = any.'),
  })
  .prefault({});

const numericAttribute = z
  .strictObject({
    key: z.string().default(''),
    min_value: int().default(0).describe('Least value; 0 = any.'),
    max_value: int().default(0).describe('Largest value; 0 = any.'),
    invert_match: z.boolean().default(false),
  })
  .prefault({});

const probabilistic = z
  .strictObject({
    hash_salt: z.string().default('').describe('Keeps layers of samplers apart.'),
    sampling_percentage: z.number().default(0).describe('Percentage of traces; 100 = all.'),
  })
  .prefault({});

const statusCode = z
  .strictObject({ status_codes: list().describe('OK, ERROR, UNSET; one of them.') })
  .prefault({});

const stringAttribute = z
  .strictObject({
    key: z.string().default(''),
    values: list().describe('Values, or regular expressions; one of them.'),
    enabled_regex_matching: z.boolean().default(false),
    cache_max_size: int().default(0).describe('Results of patterns that are kept; 0 = 128.'),
    invert_match: z.boolean().default(false),
  })
  .prefault({});

const rateLimiting = z
  .strictObject({
    spans_per_second: int().default(0),
    burst_capacity: int().default(0).describe('Spans at once; 0 = twice spans_per_second.'),
  })
  .prefault({});

const bytesLimiting = z
  .strictObject({
    bytes_per_second: int().default(0),
    burst_capacity: int().default(0).describe('Bytes at once; 0 = twice bytes_per_second.'),
  })
  .prefault({});

/** An integer of 32 bits; larger ones lose their upper bits, as in the Go collector. */
const int32 = () => z.number().transform((value) => Math.trunc(value) | 0);

const spanCount = z
  .strictObject({
    min_spans: int32().default(0),
    max_spans: int32().default(0).describe('Most spans of a trace; 0 = any.'),
  })
  .prefault({});

const traceState = z.strictObject({ key: z.string().default(''), values: list() }).prefault({});

const booleanAttribute = z
  .strictObject({
    key: z.string().default(''),
    value: z.boolean().default(false),
    invert_match: z.boolean().default(false),
  })
  .prefault({});

const errorModes = ['ignore', 'propagate', 'silent'] as const;

const ottlCondition = z
  .strictObject({
    error_mode: z
      .string()
      .transform((text, ctx): (typeof errorModes)[number] => {
        const mode = errorModes.find((known) => known === text.toLowerCase());
        if (mode !== undefined) return mode;
        ctx.addIssue({ code: 'custom', message: `unknown error mode ${text}` });
        return z.NEVER;
      })
      .optional()
      .describe('What an error in a condition does; absent = the condition is false.'),
    span: list().describe('Conditions on spans.'),
    spanevent: list().describe('Conditions on events of spans.'),
  })
  .prefault({});

const shared = {
  name: z.string().default('').describe('Name in metrics and logs.'),
  type: z.string().default('').describe('Type of the policy.'),
  latency,
  numeric_attribute: numericAttribute,
  probabilistic,
  status_code: statusCode,
  string_attribute: stringAttribute,
  rate_limiting: rateLimiting,
  bytes_limiting: bytesLimiting,
  span_count: spanCount,
  trace_state: traceState,
  boolean_attribute: booleanAttribute,
  ottl_condition: ottlCondition,
};

/** Keys that a policy does not know hold what an extension would read: they must be maps. */
const rest = z.record(z.string(), z.unknown()).nullable();

const notSub = z.object(shared).catchall(rest);
const not = z.strictObject({ not_sub_policy: notSub.prefault({}) }).prefault({});
const andSub = z.object({ ...shared, not }).catchall(rest);
const and = z.strictObject({ and_sub_policy: z.array(andSub).default([]) }).prefault({});
const drop = z.strictObject({ drop_sub_policy: z.array(andSub).default([]) }).prefault({});
const compositeSub = z.object({ ...shared, and }).catchall(rest);

const composite = z
  .strictObject({
    max_total_spans_per_second: int().default(0),
    policy_order: list().describe('Read and not used: the order is that of composite_sub_policy.'),
    composite_sub_policy: z.array(compositeSub).default([]),
    rate_allocation: z
      .array(z.strictObject({ policy: z.string().default(''), percent: int().default(0) }))
      .default([])
      .describe('Share of max_total_spans_per_second of each policy, in percent.'),
  })
  .prefault({});

const policy = z.object({ ...shared, composite, and, not, drop }).catchall(rest);

/** An entry of `policies`, which may hold others below `and`, `not`, `drop` and `composite`. */
export type PolicyConfig = z.output<typeof policy>;
/** A policy below `not`: of a type that holds no others. */
export type SharedConfig = z.output<typeof notSub>;
/** A policy below `and` or `drop`: of a type that holds no others, or `not`. */
export type AndSubConfig = z.output<typeof andSub>;
/** What a policy of type `composite` says. */
export type CompositeConfig = z.output<typeof composite>;

const strategies = ['trace-complete', 'span-ingest'] as const;
const storageGate = 'processor.tailsamplingprocessor.tailstorageextension';

/** Keys of the processor. */
export const config = z.strictObject({
  decision_wait: duration({ min: Number.NEGATIVE_INFINITY })
    .prefault('30s')
    .describe('Time from the first span of a trace until it is decided, in whole seconds.'),
  decision_wait_after_root_received: duration({ min: Number.NEGATIVE_INFINITY })
    .prefault('0s')
    .describe('Time from a span without parent until its trace is decided; 0 = not looked at.'),
  num_traces: count().default(50_000).describe('Traces that are remembered.'),
  block_on_overflow: z
    .boolean()
    .default(false)
    .describe('Senders wait for room instead of the oldest trace being forgotten.'),
  expected_new_traces_per_sec: count()
    .default(0)
    .describe('Not needed: tables grow by themselves.'),
  policies: z.array(policy).default([]).describe('What is sampled.'),
  decision_cache: z
    .strictObject({
      sampled_cache_size: int().default(0).describe('Ids of sampled traces that are remembered.'),
      non_sampled_cache_size: int().default(0).describe('Ids of other traces.'),
    })
    .prefault({}),
  tail_storage: z
    .string()
    .optional()
    .superRefine((value, ctx) => {
      if (value === undefined) return;
      const message = `'tail_storage' requires the "${storageGate}" feature gate, which is not there`;
      ctx.addIssue({ code: 'custom', message });
    })
    .describe('Refused: spans are held in memory.'),
  sample_on_first_match: z
    .boolean()
    .default(false)
    .describe('The first policy that samples decides; others are not asked.'),
  sampling_strategy: z
    .string()
    .default('trace-complete')
    .transform((text, ctx): (typeof strategies)[number] => {
      const strategy = strategies.find((known) => known === text);
      if (strategy !== undefined) return strategy;
      const names = strategies.map((name) => JSON.stringify(name)).join(' or ');
      const message = `invalid sampling_strategy ${JSON.stringify(text)}, expected one of ${names}`;
      ctx.addIssue({ code: 'custom', message });
      return z.NEVER;
    })
    .describe('trace-complete: decide when the time is over; span-ingest: as soon as spans match.'),
  drop_pending_traces_on_shutdown: z
    .boolean()
    .default(false)
    .describe('Traces that are not decided at shutdown are dropped instead of decided.'),
  maximum_trace_size_bytes: count()
    .default(0)
    .describe('Larger traces are dropped at once, in bytes; 0 = none.'),
});

/** The keys as they are decoded; times in milliseconds. */
export type Config = z.output<typeof config>;
