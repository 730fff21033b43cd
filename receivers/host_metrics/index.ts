import type { MetricInfo, ReceiverFactory } from '../../component/factory.ts';
import { receiptMetrics } from '../../component/receipts.ts';
import { config, type HostMetricsConfig } from './config.ts';
import { HostMetricsReceiver } from './receiver.ts';

const counter = (name: string, description: string, unit: string): MetricInfo => ({
  name,
  description,
  unit,
  kind: 'counter',
});

const metrics: MetricInfo[] = [
  ...receiptMetrics(['metrics', 'logs'], ['accepted', 'refused']),
  counter('otelcol_scraper_scraped_metric_points', 'Points that were read.', '{datapoints}'),
  counter('otelcol_scraper_errored_metric_points', 'Readings that failed.', '{datapoints}'),
];

/** Reads metrics of a Linux host. */
export const factory: ReceiverFactory<HostMetricsConfig> = {
  kind: 'receiver',
  type: 'host_metrics',
  aliases: ['hostmetrics'],
  stability: { metrics: 'beta', logs: 'development' },
  description:
    'Reads metrics of a Linux host: CPU, memory, disks, file systems, network, processes.',
  config,
  metrics,
  create: (settings, given, next) => new HostMetricsReceiver(settings, given, next),
};
