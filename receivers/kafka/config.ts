import { z } from 'zod';
import { parseId } from '../../config/schema/id.ts';
import { duration } from '../../config/schema/index.ts';
import { compileRegexp } from '../../pdata/regexp/index.ts';
import { kafkaClientKeys } from '../../pipeline/kafka/config.ts';

const anyDuration = (text: string) => duration({ min: Number.NEGATIVE_INFINITY }).prefault(text);

/** Encodings of the Go collector that do not exist here. */
const absent = [
  'jaeger_proto',
  'jaeger_json',
  'zipkin_proto',
  'zipkin_json',
  'zipkin_thrift',
  'azure_resource_logs',
];

const signal = (topic: string) =>
  z
    .strictObject({
      topics: z
        .array(z.string())
        .default([topic])
        .describe('topics; when one begins with ^, all are regular expressions'),
      encoding: z
        .string()
        .default('otlp_proto')
        .refine((name) => !absent.includes(name), {
          error: (issue) => `encoding ${issue.input} is not supported: use otlp_proto or otlp_json`,
        })
        .describe('otlp_proto or otlp_json; logs also raw, json, text, text_<encoding>'),
      exclude_topics: z
        .array(z.string())
        .default([])
        .describe('regular expressions of topics that are left out'),
    })
    .prefault({});

const size = (value: number, text: string) => z.int().default(value).describe(text);

const interval = (key: string, text: string) =>
  anyDuration(text).refine((ms) => ms >= 0, `'${key}' must be non-negative`);

const errorBackoff = z.strictObject({
  enabled: z.boolean().default(false).describe('whether a refused record is offered again'),
  initial_interval: interval('initial_interval', '0s').describe('time before the first retry'),
  randomization_factor: z.number().default(0).describe('0 to 1: intervals vary by this fraction'),
  multiplier: z.number().default(0).describe('factor from one interval to the next'),
  max_interval: interval('max_interval', '0s').describe('longest interval'),
  max_elapsed_time: interval('max_elapsed_time', '0s').describe('time of retries; 0 = no end'),
});

const fields = z.strictObject({
  ...kafkaClientKeys(),
  group_id: z.string().default('otel-collector').describe('consumer group'),
  initial_offset: z
    .string()
    .default('latest')
    .describe('latest or earliest: where to begin when the group has no offset'),
  session_timeout: anyDuration('10s').describe('time after which the group misses this member'),
  heartbeat_interval: anyDuration('3s').describe('time between signs of life'),
  group_rebalance_strategies: z
    .array(z.string())
    .default([])
    .describe('cooperative-sticky (default), sticky, roundrobin, range, in order of preference'),
  group_rebalance_strategy: z
    .string()
    .default('')
    .meta({ deprecated: true, instead: 'use group_rebalance_strategies' })
    .describe('a single one'),
  group_instance_id: z.string().default('').describe('id of a static member'),
  autocommit: z
    .strictObject({
      enable: z.boolean().default(true).describe('whether offsets are committed by time'),
      interval: anyDuration('1s').describe('time between commits'),
    })
    .prefault({}),
  min_fetch_size: size(1, 'bytes that a broker waits for'),
  max_fetch_size: size(1_048_576, 'bytes of one answer, about'),
  max_fetch_wait: anyDuration('250ms').describe('time that a broker waits for min_fetch_size'),
  max_partition_fetch_size: size(1_048_576, 'bytes of one partition in an answer, about'),
  message_marking: z
    .strictObject({
      after: z.boolean().default(false).describe('whether only accepted records are marked'),
      on_error: z.boolean().default(false).describe('with after: refused ones are marked, too'),
      on_permanent_error: z
        .boolean()
        .optional()
        .describe('with after: those refused for good; absent = as on_error'),
    })
    .prefault({}),
  header_extraction: z
    .strictObject({
      extract_headers: z
        .boolean()
        .default(false)
        .describe('whether headers become resource attributes kafka.header.NAME'),
      headers: z.array(z.string()).default([]).describe('names of such headers'),
    })
    .prefault({}),
  error_backoff: errorBackoff.prefault({}),
  telemetry: z
    .strictObject({
      metrics: z
        .strictObject({
          kafka_receiver_records_delay: z
            .strictObject({
              enabled: z.boolean().default(false).describe('time from producing to receiving'),
            })
            .prefault({}),
        })
        .prefault({}),
    })
    .prefault({}),
  traces: signal('otlp_spans'),
  metrics: signal('otlp_metrics'),
  logs: signal('otlp_logs'),
  profiles: signal('otlp_profiles'),
});

type Fields = z.output<typeof fields>;

const strategies = ['range', 'roundrobin', 'sticky', 'cooperative-sticky'];

function* groupFaults(given: Fields): Generator<[string, string]> {
  const { group_rebalance_strategy: one, group_rebalance_strategies: list } = given;
  if (given.initial_offset !== 'latest' && given.initial_offset !== 'earliest') {
    const text = "initial_offset should be one of 'latest' or 'earliest'. configured value";
    yield ['initial_offset', `${text} ${given.initial_offset}`];
  }
  if (one !== '' && list.length > 0) {
    const text = 'group_rebalance_strategy and group_rebalance_strategies are mutually exclusive';
    yield ['group_rebalance_strategy', text];
  }
  if (list.some((name) => name.trim() === '')) {
    const text = 'group_rebalance_strategies entries cannot be empty';
    yield ['group_rebalance_strategies', text];
  }
  const fault = [one, ...list].flatMap((name) => (name === '' ? [] : strategyFault(name)))[0];
  if (fault !== undefined) {
    yield [one === '' ? 'group_rebalance_strategies' : 'group_rebalance_strategy', fault];
  }
}

/** What is no strategy may be the id of an extension, of which the start finds that it is none. */
function strategyFault(name: string): string[] {
  try {
    if (!isBuiltIn(name)) parseId(name);
    return [];
  } catch (error) {
    const text = `group rebalance strategy ${JSON.stringify(name)} is not a built-in strategy`;
    const why = (error as Error).message;
    return [`${text} (${strategies.join(', ')}) or a valid extension ID: ${why}`];
  }
}

const isBuiltIn = (name: string) => strategies.includes(name);

/** @throws Error for a strategy that would be an extension's: none here is one */
export function refuseStrategies(names: readonly string[]): void {
  const other = names.find((name) => !isBuiltIn(name));
  if (other === undefined) return;
  const known = strategies.join(', ');
  throw new Error(
    `cannot use the rebalance strategy of extension ${JSON.stringify(other)}: only ${known} are there`,
  );
}

function* fetchFaults(given: Fields): Generator<[string, string]> {
  for (const key of ['min_fetch_size', 'max_fetch_size', 'max_partition_fetch_size'] as const) {
    if (given[key] < 0) yield [key, `${key} (${given[key]}) must be non-negative`];
  }
  const { max_fetch_size: most, min_fetch_size: least } = given;
  if (most < least) {
    const text = `max_fetch_size (${most}) cannot be less than min_fetch_size (${least})`;
    yield ['max_fetch_size', text];
  }
}

function* excludeFaults(given: Fields): Generator<[string, string]> {
  for (const name of ['logs', 'metrics', 'traces', 'profiles'] as const) {
    const { topics, exclude_topics: excluded } = given[name];
    if (excluded.length === 0) continue;
    if (!topics.some((topic) => topic.startsWith('^'))) {
      const rule = `none of the configured ${name}.topics use regex pattern (must start with '^')`;
      yield [name, `${name}.exclude_topics is configured but ${rule}`];
    }
    for (const pattern of excluded) {
      if (pattern === '') {
        const text = `${name}.exclude_topics contains empty string, which would match all topics`;
        yield [name, text];
        continue;
      }
      const fault = regexpFault(pattern);
      if (fault === undefined) continue;
      yield [name, `${name}.exclude_topic contains invalid regex pattern: ${fault}`];
    }
  }
}

function regexpFault(pattern: string): string | undefined {
  try {
    compileRegexp(pattern);
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}

function* backoffFaults({ error_backoff: given }: Fields): Generator<[string, string]> {
  if (!given.enabled) return;
  const { randomization_factor: factor, multiplier, max_elapsed_time: most } = given;
  if (factor < 0 || factor > 1) {
    yield ['error_backoff', "'randomization_factor' must be within [0, 1]"];
  }
  if (multiplier < 0) yield ['error_backoff', "'multiplier' must be non-negative"];
  if (most === 0) return;
  for (const key of ['initial_interval', 'max_interval'] as const) {
    if (most >= given[key]) continue;
    yield ['error_backoff', `'max_elapsed_time' must not be less than '${key}'`];
    return;
  }
}

/** Configuration of the receiver. */
export const config = fields.superRefine((given, ctx) => {
  const groups = [groupFaults, fetchFaults, excludeFaults, backoffFaults];
  for (const faults of groups) {
    const found = faults(given).next().value;
    if (found) ctx.addIssue({ code: 'custom', path: [found[0]], message: found[1] });
  }
});

/** The keys as they are decoded; times in milliseconds. */
export type KafkaReceiverConfig = z.output<typeof config>;
