import type { TableNames } from '../../storage/otel/names.ts';
import { metricKinds } from '../../wire/clickhouse/otel/metrics.ts';
import type { ClickHouseConfig } from './config.ts';
import type { StoredSignal } from './schemas.ts';

/** Table names of a configuration. */
export function tableNames(config: ClickHouseConfig): TableNames {
  const { metrics_tables: metrics } = config;
  return {
    traces: config.traces_table_name,
    logs: config.logs_table_name,
    gauge: metrics.gauge.name,
    sum: metrics.sum.name,
    histogram: metrics.histogram.name,
    exponential_histogram: metrics.exponential_histogram.name,
    summary: metrics.summary.name,
  };
}

/** Tables that a signal goes to, by their key in {@link TableNames}. */
export function tablesOf(signal: StoredSignal): readonly (keyof TableNames)[] {
  if (signal === 'traces') return ['traces'];
  return signal === 'logs' ? ['logs'] : metricKinds;
}
