import type { MetricInfo } from '../../component/factory.ts';
import type { Meter } from '../../component/settings.ts';

const prefix = 'otelcol_processor_groupbyattrs_';

const names = { traces: ['spans', 'span'], logs: ['logs', 'log'], metrics: ['metrics', 'metric'] };

/** Signals that can be regrouped. */
export type Grouped = keyof typeof names;

function infoOf(signal: Grouped) {
  const [many, one] = names[signal];
  const counter = (name: string, description: string) =>
    ({ name: prefix + name, description, unit: '1', kind: 'counter' }) as const;
  return {
    grouped: counter(`num_grouped_${many}`, `Number of ${many} that had attributes grouped`),
    others: counter(
      `num_non_grouped_${many}`,
      `Number of ${many} that did not have attributes grouped`,
    ),
    groups: {
      name: `${prefix}${one}_groups`,
      description: `Distribution of groups extracted for ${many}`,
      unit: '1',
      kind: 'histogram',
    },
  } as const;
}

export const metrics: readonly MetricInfo[] = (Object.keys(names) as Grouped[]).flatMap((signal) =>
  Object.values(infoOf(signal)),
);

const bounds = [0, 5, 10, 25, 50, 75, 100, 250, 500, 750, 1000, 2500, 5000, 7500, 10_000];

/** Tells what was done to a batch. */
export type Report = (grouped: number, others: number, groups: number) => void;

/** Makes the Go collector's metrics of a signal, and what counts in them. */
export function groupTelemetry(meter: Meter, signal: Grouped): Report {
  const info = infoOf(signal);
  const groupedItems = meter.counter(info.grouped.name, info.grouped);
  const otherItems = meter.counter(info.others.name, info.others);
  const distribution = meter.histogram(info.groups.name, info.groups, bounds);
  return (grouped, others, groups) => {
    if (grouped > 0) groupedItems.add(grouped);
    if (others > 0) otherItems.add(others);
    distribution.record(groups);
  };
}
