import type { MetricInfo, ReceiverFactory } from '../../component/factory.ts';
import { config, type SyslogReceiverConfig } from './config.ts';
import { SyslogReceiver } from './receiver.ts';

const metrics: MetricInfo[] = (['accepted', 'refused', 'failed'] as const).map((what) => ({
  name: `otelcol_receiver_${what}_log_records`,
  description: `Log records that were ${what}.`,
  unit: '{log_records}',
  kind: 'counter',
}));

/** Receives syslog over TCP and UDP. */
export const factory: ReceiverFactory<SyslogReceiverConfig> = {
  kind: 'receiver',
  type: 'syslog',
  stability: { logs: 'beta' },
  description: 'Receives syslog messages (RFC 3164, RFC 5424) over TCP, TLS and UDP.',
  config,
  metrics,
  create: (settings, given, next) => new SyslogReceiver(settings, given, next.logs!),
};
