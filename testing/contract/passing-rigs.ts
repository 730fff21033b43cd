import type { RegistryEntry } from '../../gateway/components.ts';
import type { NumberedSignal, Points } from './numbered.ts';

/** How a processor or connector is put to the test, and what it promises. */
export interface PassingRig {
  /** Tells several rigs of a component apart. */
  readonly name?: string;
  readonly config: object;
  /** Signals taken; absent = all that it supports. */
  readonly signals?: readonly NumberedSignal[];
  readonly points?: Points;
  /**
   * When the sender is told. `with next`: what the next says is what the sender is told, and
   * nothing is held. `before next`: data is taken first; what the next refuses then is dropped and
   * counted.
   */
  readonly accepts: 'with next' | 'before next';
  /** `before next`: items that are taken at most while the next takes none. */
  readonly holds?: number;
  /**
   * What goes out. `same`: the items that came in, once each. `copies`: after a refusal some may come
   * again, as several pipelines were asked. `made`: other items, counted from those that came in.
   */
  readonly gives?: 'same' | 'copies' | 'made';
  /** `made`: names of metrics whose values, added up, are how many items were accepted. */
  readonly counts?: readonly string[];
  /** Whether it keeps something of the data that memory is reserved for. */
  readonly remembers?: boolean;
  /** Why items are dropped although nobody refused them. */
  readonly drops?: readonly string[];
  /** Connectors: ids of the pipelines behind it, without signal. */
  readonly pipelines?: readonly string[];
}

const withNext = (config: object, more: Partial<PassingRig> = {}): PassingRig[] => [
  { config, accepts: 'with next', ...more },
];

const beforeNext = (config: object, more: Partial<PassingRig> = {}): PassingRig[] => [
  { config, accepts: 'before next', ...more },
];

const insert = [{ key: 'contract', action: 'insert', value: 'yes' }];
const firstService = 'resource.attributes["service.name"] == "service-0"';
const a = (signal: NumberedSignal) => `${signal}/a`;
const b = (signal: NumberedSignal) => `${signal}/b`;

/** Queues of 20 requests whose batches go out at 100 items. */
const smallQueue = {
  queue_size: 20,
  num_consumers: 2,
  batch: { flush_timeout: '100ms', min_size: 100, max_size: 300 },
};

/** Rigs by `kind/type`; some hang on the signal. */
const rigs: Readonly<Record<string, (signal: NumberedSignal) => readonly PassingRig[]>> = {
  'processor/attributes': () => withNext({ actions: insert }),
  'processor/batch': () => [
    ...beforeNext({ send_batch_size: 100 }, { holds: 100 + 32_768 + 2000 }),
    ...beforeNext(
      { send_batch_size: 100, send_batch_max_size: 130 },
      { name: 'with a greatest size', holds: 100 + 32_768 + 2000 },
    ),
  ],
  'processor/cumulativetodelta': () =>
    withNext({}, { points: 'cumulative', remembers: true, drops: ['initial', 'reset'] }),
  'processor/deltatocumulative': () =>
    withNext({}, { points: 'delta', remembers: true, drops: ['out_of_order'] }),
  'processor/filter': () =>
    withNext(
      {
        trace_conditions: [firstService],
        metric_conditions: [firstService],
        log_conditions: [firstService],
      },
      { drops: ['filtered'] },
    ),
  'processor/groupbyattrs': () => withNext({ keys: ['contract'] }),
  'processor/groupbytrace': () =>
    beforeNext({ wait_duration: '1s', num_traces: 1000 }, { drops: ['num_traces'] }),
  'processor/k8s_attributes': () => withNext({ passthrough: true }),
  'processor/memory_limiter': () => withNext({ check_interval: '1s', limit_mib: 100_000 }),
  'processor/metrics_transform': () =>
    withNext({
      transforms: [{ include: 'contract.points', action: 'update', new_name: 'contract.other' }],
    }),
  'processor/probabilistic_sampler': () =>
    withNext({ sampling_percentage: 50, fail_closed: false }, { drops: ['not_sampled'] }),
  'processor/queuebatch': () => [
    ...beforeNext(
      { ...smallQueue, block_on_overflow: true },
      { name: 'that makes senders wait', holds: 20_000 },
    ),
    ...beforeNext(
      { ...smallQueue, block_on_overflow: false },
      { name: 'that refuses', holds: 20_000 },
    ),
    ...withNext(
      { ...smallQueue, wait_for_result: true },
      { name: 'that waits for the result', gives: 'copies' },
    ),
  ],
  'processor/redaction': () => withNext({ allow_all_keys: true, blocked_values: ['secret'] }),
  'processor/resource': () => withNext({ attributes: insert }),
  'processor/resource_detection': () => withNext({ detectors: ['env'] }),
  'processor/span': () => withNext({ status: { code: 'Ok' } }),
  'processor/tail_sampling': () =>
    beforeNext(
      {
        decision_wait: '1s',
        num_traces: 1000,
        policies: [
          { name: 'half', type: 'probabilistic', probabilistic: { sampling_percentage: 50 } },
        ],
      },
      { drops: ['not_sampled', 'num_traces'] },
    ),
  'processor/transform': () =>
    withNext({
      trace_statements: ['set(span.attributes["contract"], "yes")'],
      metric_statements: ['set(datapoint.attributes["contract"], "yes")'],
      log_statements: ['set(log.attributes["contract"], "yes")'],
    }),
  'connector/count': () =>
    withNext(
      {},
      { gives: 'made', counts: ['trace.span.count', 'metric.datapoint.count', 'log.record.count'] },
    ),
  'connector/failover': (signal) => [
    ...beforeNext(
      {
        priority_levels: [[a(signal)], [b(signal)]],
        retry_interval: '50ms',
        sending_queue: { queue_size: 20, num_consumers: 2 },
      },
      { pipelines: ['a', 'b'], holds: 20_000 },
    ),
    ...withNext(
      {
        priority_levels: [[a(signal)], [b(signal)]],
        retry_interval: '50ms',
        sending_queue: { enabled: false },
      },
      { name: 'without a queue', pipelines: ['a', 'b'] },
    ),
  ],
  'connector/forward': () => withNext({}),
  'connector/round_robin': () => withNext({}, { pipelines: ['a', 'b'] }),
  'connector/routing': (signal) =>
    withNext(
      {
        table: [{ condition: 'attributes["service.name"] == "service-0"', pipelines: [a(signal)] }],
        default_pipelines: [b(signal)],
      },
      { pipelines: ['a', 'b'], gives: 'copies' },
    ),
  'connector/service_graph': () => beforeNext({ metrics_flush_interval: '1s' }, { gives: 'made' }),
  'connector/span_metrics': () =>
    beforeNext(
      { metrics_flush_interval: '1s', aggregation_temporality: 'AGGREGATION_TEMPORALITY_DELTA' },
      { gives: 'made', counts: ['traces.span.metrics.calls'] },
    ),
};

/** The rigs of a component for a signal; undefined: nobody has written any. */
export function passingRigs(
  { kind, type }: Pick<RegistryEntry, 'kind' | 'type'>,
  signal: NumberedSignal,
): readonly PassingRig[] | undefined {
  return rigs[`${kind}/${type}`]?.(signal);
}

/** What has rigs, as `kind/type`. */
export const passingRigNames: readonly string[] = Object.keys(rigs);
