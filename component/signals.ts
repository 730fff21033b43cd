import type { Signal } from '../pdata/signal.ts';

export { type Signal, signals } from '../pdata/signal.ts';

/** What the items of a signal are called in metric names. */
export const itemNames: Readonly<Record<Signal, string>> = {
  traces: 'spans',
  metrics: 'metric_points',
  logs: 'log_records',
  profiles: 'profile_samples',
};

/** What one of them is called in UCUM units. */
export const itemUnits: Readonly<Record<Signal, string>> = {
  traces: '{span}',
  metrics: '{datapoint}',
  logs: '{record}',
  profiles: '{sample}',
};
