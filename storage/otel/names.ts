import type { MetricKind } from '../../wire/clickhouse/otel/metrics.ts';

/** Tables of schema `otel`; defaults are those of the contrib exporter. */
export interface TableNames extends Readonly<Record<MetricKind, string>> {
  readonly traces: string;
  readonly logs: string;
}

/** The names of the contrib exporter. */
export const defaultTableNames: TableNames = {
  traces: 'otel_traces',
  logs: 'otel_logs',
  gauge: 'otel_metrics_gauge',
  sum: 'otel_metrics_sum',
  histogram: 'otel_metrics_histogram',
  exponential_histogram: 'otel_metrics_exp_histogram',
  summary: 'otel_metrics_summary',
};

/** An identifier between backticks, for SQL text. */
export function quoteIdentifier(name: string): string {
  return `\`${name.replaceAll('\\', '\\\\').replaceAll('`', '\\`')}\``;
}
