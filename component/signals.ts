import type { Logs, Metrics, Profiles, Traces } from '../pdata/batch.ts';

export { type Signal, signals } from '../pdata/signal.ts';

/** What a pipeline of each signal carries: generic code is written once over this map. */
export interface SignalData {
  traces: Traces;
  metrics: Metrics;
  logs: Logs;
  profiles: Profiles;
}
