import type { MetricInfo, ReceiverFactory } from '../../component/factory.ts';
import { receiptMetrics } from '../../component/receipts.ts';
import { config, type FileLogConfig } from './config.ts';
import { gateFaults } from './gates.ts';
import { FileLogReceiver } from './receiver.ts';

const metrics: MetricInfo[] = [
  ...receiptMetrics(['logs']),
  {
    name: 'otelcol_fileconsumer_open_files',
    description: 'Number of open files',
    unit: '1',
    kind: 'gauge',
  },
  {
    name: 'otelcol_fileconsumer_reading_files',
    description: 'Number of open files that are being read',
    unit: '1',
    kind: 'gauge',
  },
];

/** Reads log files as they grow. */
export const factory: ReceiverFactory<FileLogConfig> = {
  kind: 'receiver',
  type: 'file_log',
  aliases: ['filelog'],
  stability: { logs: 'beta' },
  description:
    'Reads log files as they grow, through rotation and restarts, and parses their entries.',
  config,
  metrics,
  checkGates: gateFaults,
  create: (settings, given, next) => new FileLogReceiver(settings, given, next.logs!),
};
