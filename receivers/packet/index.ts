import type { ReceiverFactory } from '../../component/factory.ts';
import { type Config, config } from './config.ts';
import { metrics } from './counters.ts';
import { PacketReceiver } from './receiver.ts';

export const factory: ReceiverFactory<Config> = {
  kind: 'receiver',
  type: 'packet',
  stability: { traces: 'alpha' },
  description: 'Reads capture files and turns the requests in them into spans.',
  config,
  metrics: Object.values(metrics),
  create: (settings, own, next) => new PacketReceiver(settings, own, next.traces),
};
