import type { ReceiverFactory } from '../../component/factory.ts';
import { receiptMetrics } from '../../component/receipts.ts';
import { influxdbMetrics } from '../../pipeline/line-writes/counters.ts';
import { config, type InfluxdbConfig } from './config.ts';
import { influxdbReceiver } from './receiver.ts';

/** Receives what Telegraf and InfluxDB's clients write. */
export const factory: ReceiverFactory<InfluxdbConfig> = {
  kind: 'receiver',
  type: 'influxdb',
  aliases: ['telegraf'],
  stability: { metrics: 'beta' },
  description: "Receives InfluxDB line protocol of Telegraf and InfluxDB's clients over HTTP.",
  config,
  metrics: [...receiptMetrics(['metrics']), ...influxdbMetrics],
  create: (settings, given, next) => influxdbReceiver(settings, given, next.metrics!),
};
