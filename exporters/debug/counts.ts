import type { AnyBatch } from '../../component/factory.ts';
import type { Signal } from '../../component/signals.ts';
import { countMessages } from './count-messages.ts';

const items: Readonly<Record<Signal, string>> = {
  traces: 'spans',
  metrics: 'data points',
  logs: 'log records',
  profiles: 'sample records',
};

const resources: Readonly<Record<Signal, string>> = {
  traces: 'resource spans',
  metrics: 'resource metrics',
  logs: 'resource logs',
  profiles: 'resource profiles',
};

/** Resources and items of a batch, under the names of the Go collector's debug exporter. */
export function describeCounts(signal: Signal, batch: AnyBatch): Record<string, number> {
  const ranges = batch.ranges();
  const counts: Record<string, number> = { [resources[signal]]: countMessages(ranges, [1]) };
  if (signal === 'metrics') counts.metrics = countMessages(ranges, [1, 2, 2]);
  counts[items[signal]] = batch.itemCount;
  return counts;
}
