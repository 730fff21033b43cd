import type { MetricInfo } from '../../component/factory.ts';
import type { Attributes, Counter, Settings } from '../../component/settings.ts';
import { decisionNames, type TraceData } from './policies/decision.ts';

const prefix = 'otelcol_processor_tail_sampling_';

const counter = (name: string, unit: string, description: string) =>
  ({ name: prefix + name, unit, description, kind: 'counter' }) as const;

const info = {
  tracesByPolicy: counter(
    'count_traces_sampled',
    '{traces}',
    'Count of traces that were sampled or not per sampling policy',
  ),
  earlyReleases: counter(
    'early_releases_from_cache_decision',
    '{spans}',
    'Number of spans that were able to be immediately released due to a decision cache hit.',
  ),
  global: counter(
    'global_count_traces_sampled',
    '{traces}',
    'Global count of traces that were sampled or not by at least one policy',
  ),
  spansByPolicy: counter(
    'count_spans_sampled',
    '{spans}',
    'Count of spans that were sampled or not per sampling policy',
  ),
  bytesByPolicy: counter(
    'count_bytes_sampled',
    'By',
    'Count of bytes that were sampled or not per sampling policy',
  ),
  newTraces: counter('new_trace_id_received', '{traces}', 'Counts the arrival of new traces'),
  errors: counter(
    'sampling_policy_evaluation_error',
    '{errors}',
    'Count of sampling policy evaluation errors',
  ),
  executions: counter(
    'sampling_policy_execution_count',
    '{executions}',
    'Total number of executions of a specific sampling policy',
  ),
  executionTime: counter(
    'sampling_policy_execution_time_sum',
    'µs',
    'Total time spent (in microseconds) executing a specific sampling policy',
  ),
  droppedEarly: counter(
    'sampling_trace_dropped_too_early',
    '{traces}',
    'Count of traces that needed to be dropped before the configured wait time',
  ),
  tooLarge: counter(
    'traces_dropped_too_large',
    '{traces}',
    'Count of traces that were dropped because they were too large',
  ),
  timer: {
    name: `${prefix}sampling_decision_timer_latency`,
    unit: 'ms',
    description: 'Latency (in milliseconds) of each run of the sampling decision timer',
    kind: 'histogram',
  },
  lateAge: {
    name: `${prefix}sampling_late_span_age`,
    unit: 's',
    description:
      'Time (in seconds) from the sampling decision was taken and the arrival of a late span',
    kind: 'histogram',
  },
  removalAge: {
    name: `${prefix}sampling_trace_removal_age`,
    unit: 's',
    description: 'Time (in seconds) from arrival of a new trace until its removal from memory',
    kind: 'histogram',
  },
  onMemory: {
    name: `${prefix}sampling_traces_on_memory`,
    unit: '{traces}',
    description: 'Tracks the number of traces current on memory',
    kind: 'gauge',
  },
} as const satisfies Record<string, MetricInfo>;

export const metrics: readonly MetricInfo[] = Object.values(info);

const timerBounds = [
  1, 2, 5, 10, 25, 50, 75, 100, 150, 200, 300, 400, 500, 750, 1000, 2000, 3000, 4000, 5000, 10_000,
  20_000, 30_000, 50_000,
];
const ageBounds = [0, 5, 10, 25, 50, 75, 100, 250, 500, 750, 1000, 2500, 5000, 7500, 10_000];

/** What was decided in one run of the timer, added up. */
export class Tally {
  readonly policies: number;
  /** Traces by policy and decision. */
  readonly traces: Float64Array;
  /** Their spans and bytes. */
  readonly spans: Float64Array;
  readonly bytes: Float64Array;
  readonly executions: Float64Array;
  readonly executionMs: Float64Array;
  /** Traces by decision. */
  readonly global = new Float64Array(4);
  errors = 0;
  droppedEarly = 0;

  constructor(policies: number) {
    this.policies = policies;
    this.traces = new Float64Array(policies * 4);
    this.spans = new Float64Array(policies * 4);
    this.bytes = new Float64Array(policies * 4);
    this.executions = new Float64Array(policies);
    this.executionMs = new Float64Array(policies);
  }

  /** Counts what a policy said of a trace. */
  add(policy: number, decision: number, trace: TraceData): void {
    const at = policy * 4 + decision;
    this.traces[at]! += 1;
    this.spans[at]! += trace.spanCount;
    this.bytes[at]! += trace.sizeBytes;
  }

  clear(): void {
    this.traces.fill(0);
    this.spans.fill(0);
    this.bytes.fill(0);
    this.executions.fill(0);
    this.executionMs.fill(0);
    this.global.fill(0);
    this.errors = 0;
    this.droppedEarly = 0;
  }
}

/** The processor's metrics, with the Go collector's names. */
export interface TailTelemetry {
  newTraces(count: number): void;
  earlyRelease(spans: number, sampled: boolean): void;
  tooLarge(): void;
  lateAge(ms: number): void;
  removalAge(ms: number): void;
  /** Reports a run of the timer and clears the tally. */
  ran(tally: Tally, elapsedMs: number): void;
  close(): void;
}

/**
 * @param policies names of the policies
 * @param onMemory how many traces there are now
 * @param counts whether spans and bytes are counted for each policy, too
 */
export function tailTelemetry(
  settings: Settings,
  policies: readonly string[],
  onMemory: () => number,
  counts: { readonly spans: boolean; readonly bytes: boolean },
): TailTelemetry {
  const { meter, id } = settings;
  const make = (one: MetricInfo): Counter => meter.counter(one.name, one);
  const counters = {
    newTraces: make(info.newTraces),
    early: make(info.earlyReleases),
    tooLarge: make(info.tooLarge),
    droppedEarly: make(info.droppedEarly),
    errors: make(info.errors),
    global: make(info.global),
    byPolicy: make(info.tracesByPolicy),
    spansByPolicy: make(info.spansByPolicy),
    bytesByPolicy: make(info.bytesByPolicy),
    executions: make(info.executions),
    time: make(info.executionTime),
  };
  const timer = meter.histogram(info.timer.name, info.timer, timerBounds);
  const late = meter.histogram(info.lateAge.name, info.lateAge, ageBounds);
  const removal = meter.histogram(info.removalAge.name, info.removalAge, ageBounds);
  const unregister = meter.gauge(info.onMemory.name, info.onMemory, onMemory);
  const early = { true: { sampled: 'true' }, false: { sampled: 'false' } };
  const decided = decisionNames.map((decision): Attributes => {
    return { sampled: String(decision === 'sampled'), decision };
  });
  const scope = id.includes('/') ? `${id.slice(id.indexOf('/') + 1)}.` : '';
  const named = policies.map((name): Attributes => ({ policy: scope + name }));
  const both = named.map((policy) => decided.map((one): Attributes => ({ ...policy, ...one })));

  function report(tally: Tally): void {
    counters.errors.add(tally.errors);
    counters.droppedEarly.add(tally.droppedEarly);
    for (let d = 1; d < decided.length; d += 1) {
      if (tally.global[d]! > 0) counters.global.add(tally.global[d]!, decided[d]);
    }
    for (let p = 0; p < policies.length; p += 1) {
      for (let d = 1; d < decided.length; d += 1) {
        const at = p * 4 + d;
        if (tally.traces[at] === 0) continue;
        counters.byPolicy.add(tally.traces[at]!, both[p]![d]);
        if (counts.spans) counters.spansByPolicy.add(tally.spans[at]!, both[p]![d]);
        if (counts.bytes) counters.bytesByPolicy.add(tally.bytes[at]!, both[p]![d]);
      }
      counters.executions.add(tally.executions[p]!, named[p]);
      counters.time.add(Math.round(tally.executionMs[p]! * 1000), named[p]);
    }
  }

  return {
    newTraces: (count) => counters.newTraces.add(count),
    earlyRelease: (spans, sampled) => counters.early.add(spans, sampled ? early.true : early.false),
    tooLarge: () => counters.tooLarge.add(1),
    lateAge: (ms) => late.record(Math.trunc(ms / 1000)),
    removalAge: (ms) => removal.record(Math.trunc(ms / 1000)),
    ran(tally, elapsedMs) {
      timer.record(Math.trunc(elapsedMs));
      report(tally);
      tally.clear();
    },
    close: unregister,
  };
}
