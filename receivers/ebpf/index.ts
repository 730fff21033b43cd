import type { ReceiverFactory } from '../../component/factory.ts';
import { type Config, config } from './config.ts';
import { metrics } from './counters.ts';
import { EbpfReceiver } from './receiver.ts';

export const factory: ReceiverFactory<Config> = {
  kind: 'receiver',
  type: 'ebpf',
  stability: { traces: 'alpha', logs: 'alpha' },
  description: 'Captures the system calls of processes and turns the requests in them into spans.',
  config,
  metrics: Object.values(metrics),
  create: (settings, own, next) => new EbpfReceiver(settings, own, next.traces, next.logs),
};
