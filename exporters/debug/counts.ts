import type { AnyBatch } from '../../component/factory.ts';
import type { Signal } from '../../component/signals.ts';

const itemNames: Readonly<Record<Signal, string>> = {
  traces: 'spans',
  metrics: 'data points',
  logs: 'log records',
  profiles: 'samples',
};

/** Resources and items of a batch, under the names of the Go collector's debug exporter. */
export function describeCounts(signal: Signal, batch: AnyBatch): Record<string, number> {
  return { [itemNames[signal]]: batch.itemCount };
}
