import { z } from 'zod';
import { optionalSection } from '../../config/groups/optional.ts';
import { duration } from '../../config/schema/index.ts';
import { compileGlob } from './glob.ts';

/** Prefix of the metric names. */
export const defaultNamespace = 'traces.span.metrics';

const dimension = z.strictObject({
  name: z.string().default('').describe('attribute of the span, else of its resource'),
  default: z.string().optional().describe('value when neither has it; none = left out'),
  glob: z
    .string()
    .default('')
    .describe('instead of name: pattern of attribute names, `*` stops at dots, `**` does not'),
});

/** An entry of a list of dimensions; without a default, spans that lack it have no such label. */
export type DimensionConfig = z.output<typeof dimension>;

const dimensions = (what: string) => z.array(dimension).default([]).describe(what);

const histogram = z.strictObject({
  disable: z.boolean().default(false).describe('no duration metric'),
  unit: z
    .union([z.string(), z.number()])
    .transform((text, ctx) => {
      const unit = text === 0 ? 'ms' : text === 1 ? 's' : String(text).toLowerCase();
      if (unit === 'ms' || unit === 's') return unit;
      const message = `unknown Unit ${JSON.stringify(unit)}, allowed units are "ms" and "s"`;
      ctx.addIssue({ code: 'custom', message });
      return z.NEVER;
    })
    .prefault('ms')
    .describe('unit of durations: ms or s'),
  exponential: optionalSection(
    z.strictObject({
      max_size: z.int().default(0).describe('buckets at most; 0 = 160'),
    }),
  ).describe('exponential buckets'),
  explicit: optionalSection(
    z.strictObject({
      buckets: z
        .array(duration({ min: Number.NEGATIVE_INFINITY }))
        .default([])
        .describe('upper bounds of the buckets'),
    }),
  ).describe('buckets with given bounds; default 2 ms to 15 s in 16 steps'),
  dimensions: dimensions('dimensions of the duration metric only'),
});

const events = z.strictObject({
  enabled: z.boolean().default(false).describe('count the events of spans'),
  dimensions: dimensions('dimensions of the events metric, also looked for in the event'),
});

const exemplars = z.strictObject({
  enabled: z.boolean().default(false).describe('attach trace and span ids'),
  max_per_data_point: z.int().default(5).describe('exemplars of a data point at most'),
});

const names = (what: string) => z.array(z.string()).default([]).describe(what);

export const config = z
  .strictObject({
    histogram: histogram.prefault({}),
    dimensions: dimensions('dimensions beside service.name, span.name, span.kind, status.code'),
    calls_dimensions: dimensions('dimensions of the calls metric only'),
    exclude_dimensions: names('default dimensions to leave out'),
    dimensions_cache_size: z
      .int()
      .default(0)
      .describe('deprecated')
      .meta({ unused: 'there is no such cache, in the Go collector neither' }),
    resource_metrics_cache_size: z
      .int()
      .positive('must provide a positive size')
      .default(1000)
      .describe('resources at most; the one that was seen longest ago goes'),
    resource_metrics_key_attributes: names(
      'resource attributes that tell resources apart; [] = all',
    ),
    aggregation_temporality: z
      .string()
      .default('AGGREGATION_TEMPORALITY_CUMULATIVE')
      .describe('or AGGREGATION_TEMPORALITY_DELTA'),
    metrics_flush_interval: duration().prefault('60s').describe('time between two exports'),
    metrics_expiration: duration()
      .prefault(0)
      .describe('resources without spans for so long are forgotten; 0 = never'),
    series_expiration: duration()
      .prefault(0)
      .describe('series without spans for so long are forgotten; 0 = never'),
    metric_timestamp_cache_size: z
      .int()
      .default(1000)
      .describe('delta: series whose last timestamp is remembered'),
    namespace: z.string().default(defaultNamespace).describe('prefix of the metric names'),
    exemplars: exemplars.prefault({}),
    events: events.prefault({}),
    include_instrumentation_scope: names('scopes whose name and version become dimensions'),
    aggregation_cardinality_limit: z
      .int()
      .default(0)
      .describe('series of a metric and resource at most, others count as one; 0 = no limit'),
    add_resource_attributes: z
      .boolean()
      .default(false)
      .describe('keep resource attributes whatever the feature gate says'),
    enable_metrics_sampling_method: z
      .boolean()
      .default(false)
      .describe('add sampling.method: extrapolated or counted'),
  })
  .superRefine((given, ctx) => {
    for (const [path, message] of faults(given)) {
      ctx.addIssue({ code: 'custom', path: [...path], message });
    }
  });

/** The keys as they are decoded; times in milliseconds. */
export type Config = z.output<typeof config>;

type Fault = readonly [path: readonly string[], message: string];

function* faults(given: Config): Generator<Fault> {
  const lists: [string[], string, readonly DimensionConfig[]][] = [
    [['dimensions'], 'dimensions', given.dimensions],
    [['calls_dimensions'], 'calls dimensions', given.calls_dimensions],
    [['histogram', 'dimensions'], 'histogram dimensions', given.histogram.dimensions],
  ];
  if (given.events.enabled) {
    lists.push([['events', 'dimensions'], 'event dimensions', given.events.dimensions]);
  }
  for (const [path, what, list] of lists) {
    const none = what === 'event dimensions' && list.length === 0;
    const fault = none ? 'no dimensions configured for events' : dimensionFault(list);
    if (fault !== undefined) yield [path, `failed validating ${what}: ${fault}`];
  }
  const { explicit, exponential } = given.histogram;
  if (explicit !== undefined && exponential !== undefined) {
    yield [['histogram'], 'use either `explicit` or `exponential` buckets histogram'];
  }
  if (given.metrics_flush_interval === 0) {
    yield [['metrics_flush_interval'], 'metrics_flush_interval has to be more than 0'];
  }
  const cache = given.metric_timestamp_cache_size;
  if (isDelta(given) && cache <= 0) {
    const text = `invalid delta timestamp cache size: ${cache}`;
    const path = ['metric_timestamp_cache_size'];
    yield [path, `${text}, the maximum number of the items in the cache should be positive`];
  }
  const limit = given.aggregation_cardinality_limit;
  if (limit < 0) {
    const text = `invalid aggregation_cardinality_limit: ${limit}, the limit should be positive`;
    yield [['aggregation_cardinality_limit'], text];
  }
  const { enabled, max_per_data_point: most } = given.exemplars;
  if (enabled && most < 0) {
    const text = `invalid max_per_data_point: ${most}, the value should be positive`;
    yield [['exemplars', 'max_per_data_point'], text];
  }
}

/** Whether each flush tells what came since the one before; anything else is cumulative. */
export function isDelta(given: { readonly aggregation_temporality: string }): boolean {
  return given.aggregation_temporality === 'AGGREGATION_TEMPORALITY_DELTA';
}

/** Dimensions that every series has, unless excluded. */
const reserved = [
  'service.name',
  'span.kind',
  'status.code',
  'span.name',
  'collector.instance.id',
] as const;

/** What is wrong with a list of dimensions: repeated names, patterns that match one of them. */
function dimensionFault(list: readonly DimensionConfig[]): string | undefined {
  const q = JSON.stringify;
  const known = new Set<string>(reserved);
  for (const { name, glob } of list) {
    if (name !== '' && glob !== '') {
      const got = `name=${q(name)} glob=${q(glob)}`;
      return `dimension entry must set only one of \`name\` or \`glob\`, got both: ${got}`;
    }
    if (name === '' && glob === '') return 'dimension entry must set one of `name` or `glob`';
    if (name !== '' && known.has(name)) return `duplicate dimension name ${q(name)}`;
    if (name !== '') known.add(name);
  }
  for (const { glob, default: value } of list) {
    if (glob === '') continue;
    if (value !== undefined) return `\`default\` is not supported on \`glob\` dimension ${q(glob)}`;
    try {
      const pattern = compileGlob(glob);
      const hit = [...known].find((name) => pattern.test(name));
      if (hit !== undefined) {
        return `duplicate dimension name ${q(hit)} conflicting with glob ${q(glob)}`;
      }
    } catch (error) {
      return `invalid dimension glob ${q(glob)}: ${(error as Error).message}`;
    }
  }
  return undefined;
}
