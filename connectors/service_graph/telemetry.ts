import type { MetricInfo } from '../../component/factory.ts';
import type { Counter, Meter } from '../../component/settings.ts';

const own = {
  dropped: ['dropped_spans', 'Number of spans dropped when trying to add edges'],
  edges: ['total_edges', 'Total number of unique edges'],
  expired: ['expired_edges', 'Number of edges that expired before finding its matching span'],
} as const;

type Name = keyof typeof own;

const infoOf = (name: Name): MetricInfo => ({
  name: `otelcol_connector_servicegraph_${own[name][0]}`,
  description: own[name][1],
  unit: '1',
  kind: 'counter',
});

/** The connector's own metrics: those of the Go collector. */
export const metrics: readonly MetricInfo[] = (Object.keys(own) as Name[]).map(infoOf);

/** The counters that {@link metrics} describes. */
export function telemetry(meter: Meter): { readonly [K in Name]: Counter } {
  const counter = (name: Name): Counter => {
    const { name: full, description, unit } = infoOf(name);
    return meter.counter(full, { description, unit });
  };
  return { dropped: counter('dropped'), edges: counter('edges'), expired: counter('expired') };
}
