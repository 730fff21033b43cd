import type { ReceiverFactory } from '../../component/factory.ts';
import { type Config, config } from './config.ts';
import { metrics } from './counters.ts';
import { PacketReceiver } from './receiver.ts';

export const factory: ReceiverFactory<Config> = {
  kind: 'receiver',
  type: 'packet',
  stability: { traces: 'alpha', logs: 'alpha', metrics: 'alpha' },
  description:
    'Captures packets live or from files: spans of requests, flow records, network metrics.',
  config,
  metrics: Object.values(metrics),
  create: (settings, own, next) => new PacketReceiver(settings, own, next),
};
