import type { EngineStats } from '../../agent/stats.ts';
import type { MetricInfo } from '../../component/factory.ts';
import type { Counter, Settings } from '../../component/settings.ts';

function info(name: string, description: string, unit: string): MetricInfo {
  return { name, description, unit, kind: 'counter' };
}

export const metrics = {
  packets: info('wirestitch_packet_packets', 'Packets read.', '{packets}'),
  bytes: info('wirestitch_packet_bytes', 'Bytes of these packets on the wire.', 'By'),
  flows: info('wirestitch_packet_flows', 'Flows seen.', '{flows}'),
  unknown: info(
    'wirestitch_packet_flows_unknown',
    'Flows in which no enabled protocol was recognised.',
    '{flows}',
  ),
  evicted: info('wirestitch_packet_flows_evicted', 'Flows that had to make room.', '{flows}'),
  lost: info(
    'wirestitch_packet_tcp_lost_bytes',
    'Bytes of TCP streams that were sent and not captured.',
    'By',
  ),
  sessions: info('wirestitch_packet_sessions', 'Sessions, by protocol and reason.', '{sessions}'),
  drops: info('wirestitch_packet_drops', 'Packets and messages given up, by reason.', '{items}'),
  files: info('wirestitch_packet_files', 'Capture files read, by outcome.', '{files}'),
  accepted: info(
    'otelcol_receiver_accepted_spans',
    'Items that were pushed into the pipeline.',
    '{spans}',
  ),
  refused: info(
    'otelcol_receiver_refused_spans',
    'Items that the pipeline refused and that are gone.',
    '{spans}',
  ),
} as const;

/** Publishes what an engine counts as the program's own metrics. */
export class Counters {
  private readonly id: string;
  private readonly counters: Readonly<Record<keyof typeof metrics, Counter>>;
  private last = new Map<string, number>();

  constructor(settings: Settings) {
    this.id = settings.id;
    const made = Object.entries(metrics).map(([key, { name, description, unit }]) => [
      key,
      settings.meter.counter(name, { description, unit }),
    ]);
    this.counters = Object.fromEntries(made) as Record<keyof typeof metrics, Counter>;
  }

  accepted(spans: number): void {
    this.counters.accepted.add(spans, { receiver: this.id, transport: 'file' });
  }

  refused(spans: number): void {
    this.counters.refused.add(spans, { receiver: this.id, transport: 'file' });
  }

  file(outcome: 'read' | 'faulty'): void {
    this.counters.files.add(1, { receiver: this.id, outcome });
  }

  /** Adds what is new since the last call. */
  publish(stats: EngineStats): void {
    this.add('packets', '', stats.packets, {});
    this.add('bytes', '', stats.bytes, {});
    this.add('flows', '', stats.flowsCreated, {});
    this.add('unknown', '', stats.flowsUnknown, {});
    this.add('evicted', '', stats.flowsEvicted, {});
    this.add('lost', '', stats.tcpLostBytes, {});
    for (const [name, n] of Object.entries(stats.sessions)) {
      const [protocol = '', reason = ''] = name.split('/');
      this.add('sessions', name, n, { protocol, reason: reason || 'complete' });
    }
    for (const [reason, n] of Object.entries(stats.drops)) this.add('drops', reason, n, { reason });
  }

  private add(
    key: keyof typeof metrics,
    series: string,
    total: number,
    attributes: Readonly<Record<string, string>>,
  ): void {
    const name = `${key} ${series}`;
    const before = this.last.get(name) ?? 0;
    if (total <= before) return;
    this.last.set(name, total);
    this.counters[key].add(total - before, { receiver: this.id, ...attributes });
  }
}
