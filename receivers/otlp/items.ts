import type { Signal } from '../../component/signals.ts';

/** What the items of a signal are called in the Go collector's metric names. */
export const itemNames: Readonly<Record<Signal, string>> = {
  traces: 'spans',
  metrics: 'metric_points',
  logs: 'log_records',
  profiles: 'profile_samples',
};
