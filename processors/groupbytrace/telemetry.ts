import type { MetricInfo } from '../../component/factory.ts';
import type { Attributes, Settings } from '../../component/settings.ts';

const prefix = 'otelcol_processor_groupbytrace_';

const counter = (name: string, unit: string, description: string) =>
  ({ name: prefix + name, unit, description, kind: 'counter' }) as const;
const gauge = (name: string, unit: string, description: string) =>
  ({ name: prefix + name, unit, description, kind: 'gauge' }) as const;

const info = {
  limit: gauge('conf_num_traces', '1', 'Maximum number of traces to hold in the internal storage'),
  latency: {
    name: `${prefix}event_latency`,
    unit: 'ms',
    description: 'How long the queue events are taking to be processed',
    kind: 'histogram',
  },
  incomplete: counter(
    'incomplete_releases',
    '{releases}',
    'Releases that are suspected to have been incomplete',
  ),
  queue: gauge('num_events_in_queue', '1', 'Number of events currently in the queue'),
  inMemory: gauge(
    'num_traces_in_memory',
    '1',
    'Number of traces currently in the in-memory storage',
  ),
  spans: counter('spans_released', '1', 'Spans released to the next consumer'),
  evicted: counter('traces_evicted', '1', 'Traces evicted from the internal buffer'),
  released: counter('traces_released', '1', 'Traces released to the next consumer'),
} as const satisfies Record<string, MetricInfo>;

export const metrics: readonly MetricInfo[] = Object.values(info);

const latencyBounds = [5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000];

/** The processor's metrics, with the Go collector's names. */
export interface GroupTelemetry {
  /** Times are shared out: each trace counts as an event of its own. */
  received(traces: number, elapsedMs: number): void;
  released(traces: number, spans: number, elapsedMs: number): void;
  evicted(): void;
  close(): void;
}

/** What is read when metrics are asked for. */
export interface GroupState {
  readonly limit: number;
  inMemory(): number;
  queued(): number;
}

/** Makes the Go collector's metrics; gauges look at `state` until `close`. */
export function groupTelemetry({ meter }: Settings, state: GroupState): GroupTelemetry {
  const latency = meter.histogram(info.latency.name, info.latency, latencyBounds);
  const incomplete = meter.counter(info.incomplete.name, info.incomplete);
  const evicted = meter.counter(info.evicted.name, info.evicted);
  const released = meter.counter(info.released.name, info.released);
  const spansReleased = meter.counter(info.spans.name, info.spans);
  const onReceived = { event: 'onTraceReceived' };
  const onLeaving = ['onTraceExpired', 'onTraceReleased', 'onTraceRemoved'].map((event) => {
    return { event };
  });
  const record = (event: Attributes, traces: number, elapsedMs: number) => {
    const each = Math.trunc(elapsedMs / Math.max(1, traces));
    for (let i = 0; i < traces; i += 1) latency.record(each, event);
  };
  const gauges = [
    meter.gauge(info.limit.name, info.limit, () => state.limit),
    meter.gauge(info.inMemory.name, info.inMemory, state.inMemory),
    meter.gauge(info.queue.name, info.queue, state.queued),
  ];
  incomplete.add(0);
  evicted.add(0);
  return {
    received: (traces, elapsedMs) => record(onReceived, traces, elapsedMs),
    released(traces, spans, elapsedMs) {
      released.add(traces);
      spansReleased.add(spans);
      for (const event of onLeaving) record(event, traces, elapsedMs);
    },
    evicted() {
      evicted.add(1);
      incomplete.add(1);
    },
    close() {
      for (const unregister of gauges) unregister();
    },
  };
}
