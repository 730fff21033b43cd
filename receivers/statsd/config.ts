import { z } from 'zod';
import { checkListen, listenKeys } from '../../config/groups/listen.ts';
import { duration } from '../../config/schema/index.ts';
import { regexpFault } from '../../pdata/regexp/index.ts';

const explicitBucket = z.strictObject({
  matcher_pattern: z
    .string()
    .default('')
    .describe('regular expression (RE2) of names that have these buckets'),
  buckets: z.array(z.number()).default([]).describe('upper bounds, ascending'),
});

const mapping = z.strictObject({
  statsd_type: z.string().default('').describe('timing or timer, histogram, distribution'),
  observer_type: z.string().default('').describe('gauge, summary or histogram'),
  histogram: z
    .strictObject({
      max_size: z
        .int()
        .default(0)
        .describe('buckets of an exponential histogram, 2 to 16384; 0 = 160'),
      explicit_buckets: z
        .array(explicitBucket)
        .nullish()
        .describe('names that have explicit buckets; the first that matches counts'),
    })
    .prefault({})
    .describe('for observer_type histogram'),
  summary: z
    .strictObject({
      percentiles: z
        .array(z.number())
        .default([])
        .describe('percentiles, 0 to 100; none = 0, 10, 50, 90, 95, 100'),
    })
    .prefault({})
    .describe('for observer_type summary'),
});

/** An entry of `timer_histogram_mapping`. */
export type TimerMapping = z.output<typeof mapping>;

const listen = listenKeys('localhost:8125');

const keys = z.strictObject({
  ...listen,
  transport: listen.transport
    .removeDefault()
    .default('udp')
    .describe('udp, udp4, udp6, tcp, tcp4, tcp6 or unixgram; others are refused at start'),
  aggregation_interval: duration({ min: Number.NEGATIVE_INFINITY })
    .prefault('60s')
    .describe('time that lines are gathered for'),
  enable_ip_only_aggregation: z
    .boolean()
    .default(false)
    .describe('whether ports of senders do not keep their metrics apart'),
  ignore_host: z.boolean().default(false).describe('whether senders are not kept apart at all'),
  enable_metric_type: z
    .boolean()
    .default(false)
    .describe('whether an attribute metric_type says what StatsD calls a metric'),
  enable_simple_tags: z.boolean().default(false).describe('whether tags may have no value'),
  is_monotonic_counter: z.boolean().default(false).describe('whether counters are monotonic'),
  counter_type: z
    .string()
    .default('int')
    .describe('values of counters: int (cut), float, stochastic_int (rounded by chance)'),
  timer_histogram_mapping: z
    .array(mapping)
    .prefault([
      { statsd_type: 'timer', observer_type: 'gauge' },
      { statsd_type: 'histogram', observer_type: 'gauge' },
      { statsd_type: 'distribution', observer_type: 'gauge' },
    ])
    .describe('what timers, histograms and distributions become; a type not listed is dropped'),
  socket_permissions: z
    .int()
    .min(0)
    .default(0o622)
    .describe('permissions of the socket file, for unixgram'),
  socket_buffer_size: z
    .int()
    .default(0)
    .describe("receive buffer of the socket in bytes, for unixgram; 0 = the system's"),
});

/** The keys as they are decoded; times in milliseconds. */
export type StatsdConfig = z.output<typeof keys>;

type Report = (path: (string | number)[], message: string) => void;

const statsdTypes = ['timing', 'timer', 'histogram', 'distribution'];
const observerTypes = ['gauge', 'summary', 'histogram'];
const maxBuckets = 16_384;

function checkBuckets(buckets: readonly z.output<typeof explicitBucket>[], report: Report): void {
  for (const [i, { matcher_pattern: pattern, buckets: bounds }] of buckets.entries()) {
    const path = ['histogram', 'explicit_buckets', i];
    const what = `explicit bucket [${i}]`;
    if (pattern === '') report(path, `${what} matcher_pattern must not be empty`);
    const fault = regexpFault(pattern);
    if (fault !== undefined) {
      report(path, `${what} matcher_pattern is not a valid regular expression: ${fault}`);
    }
    if (bounds.length === 0) {
      report(path, `${what} buckets must not be empty`);
      return;
    }
    if (bounds.some((bound, j) => bound > (bounds[j + 1] ?? bound))) {
      report(
        path,
        `${what} buckets are not unique or not ascendingly sorted [${bounds.join(' ')}]`,
      );
    }
  }
}

/** @returns whether a name is missing, which ends the checks */
function checkMapping(one: TimerMapping, report: Report): boolean {
  const { statsd_type: type, observer_type: observer, histogram, summary } = one;
  if (type === '') return true;
  if (!statsdTypes.includes(type)) {
    const what = 'is not a supported mapping for histogram and timing metrics';
    report(['statsd_type'], `statsd_type ${what}: ${type}`);
  }
  if (observer === '') return true;
  if (!observerTypes.includes(observer)) {
    const what = 'is not supported for histogram and timing metrics';
    report(['observer_type'], `observer_type ${what}: ${observer}`);
  }
  const { max_size: size, explicit_buckets: buckets } = histogram;
  if (observer === 'histogram') {
    if (size !== 0 && (size < 2 || size > maxBuckets)) {
      report(['histogram', 'max_size'], `histogram max_size out of range: ${size}`);
    }
    if (buckets) checkBuckets(buckets, report);
  } else if (size !== 0 || buckets) {
    report(['histogram'], 'histogram configuration requires observer_type: histogram');
  }
  for (const percentile of summary.percentiles) {
    if (percentile >= 0 && percentile <= 100) continue;
    report(['summary'], `summary percentiles out of [0, 100] range: ${percentile}`);
  }
  if (summary.percentiles.length > 0 && observer !== 'summary') {
    report(['summary'], 'summary configuration requires observer_type: summary');
  }
  return false;
}

/** Configuration of the receiver; durations in milliseconds. */
export const config = keys.superRefine((given, ctx) => {
  checkListen(given, ctx);
  const report: Report = (path, message) => ctx.addIssue({ code: 'custom', path, message });
  if (given.aggregation_interval <= 0) {
    report(['aggregation_interval'], 'aggregation_interval must be a positive duration');
  }
  if (!['', 'int', 'float', 'stochastic_int'].includes(given.counter_type)) {
    const allowed = 'must be one of: int, float, stochastic_int';
    report(['counter_type'], `invalid counter_type: ${given.counter_type}, ${allowed}`);
  }
  for (const [i, one] of given.timer_histogram_mapping.entries()) {
    const at = ['timer_histogram_mapping', i];
    if (!checkMapping(one, (path, message) => report([...at, ...path], message))) continue;
    report(at, 'must specify object id for all TimerHistogramMappings');
    break;
  }
});
