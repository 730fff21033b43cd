import type { MetricInfo, ReceiverFactory } from '../../component/factory.ts';
import { config, type FluentForwardConfig } from './config.ts';
import { fluentMetrics } from './counters.ts';
import { FluentForwardReceiver } from './receiver.ts';

const metrics: MetricInfo[] = (['accepted', 'refused', 'failed'] as const).map((what) => ({
  name: `otelcol_receiver_${what}_log_records`,
  description: `Log records that were ${what}.`,
  unit: '{log_records}',
  kind: 'counter',
}));

/** Receives logs of Fluentd and Fluent Bit. */
export const factory: ReceiverFactory<FluentForwardConfig> = {
  kind: 'receiver',
  type: 'fluent_forward',
  aliases: ['fluentforward'],
  stability: { logs: 'beta' },
  description: 'Receives logs by the Fluent forward protocol over TCP or a Unix socket.',
  config,
  metrics: [...metrics, ...fluentMetrics],
  create: (settings, given, next) => new FluentForwardReceiver(settings, given, next.logs!),
};
