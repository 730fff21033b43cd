import type { ReceiverFactory } from '../../component/factory.ts';
import { receiptMetrics } from '../../component/receipts.ts';
import { lockedOperators } from '../../stanza/gates.ts';
import { config, type SyslogReceiverConfig } from './config.ts';
import { SyslogReceiver } from './receiver.ts';

/** Receives syslog over TCP and UDP. */
export const factory: ReceiverFactory<SyslogReceiverConfig> = {
  kind: 'receiver',
  type: 'syslog',
  stability: { logs: 'beta' },
  description: 'Receives syslog messages (RFC 3164, RFC 5424) over TCP, TLS and UDP.',
  config,
  metrics: receiptMetrics(['logs']),
  checkGates: ({ operators }, gates) => lockedOperators(operators, gates),
  create: (settings, given, next) => new SyslogReceiver(settings, given, next.logs!),
};
