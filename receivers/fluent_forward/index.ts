import type { ReceiverFactory } from '../../component/factory.ts';
import { receiptMetrics } from '../../component/receipts.ts';
import { config, type FluentForwardConfig } from './config.ts';
import { fluentMetrics } from './counters.ts';
import { FluentForwardReceiver } from './receiver.ts';

/** Receives logs of Fluentd and Fluent Bit. */
export const factory: ReceiverFactory<FluentForwardConfig> = {
  kind: 'receiver',
  type: 'fluent_forward',
  aliases: ['fluentforward'],
  stability: { logs: 'beta' },
  description: 'Receives logs by the Fluent forward protocol over TCP or a Unix socket.',
  config,
  metrics: [...receiptMetrics(['logs']), ...fluentMetrics],
  create: (settings, given, next) => new FluentForwardReceiver(settings, given, next.logs!),
};
