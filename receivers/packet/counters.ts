import type { EngineStats } from '../../agent/stats.ts';
import type { MetricInfo } from '../../component/factory.ts';
import type { Counter, Settings } from '../../component/settings.ts';
import type { CaptureSignal } from './capture.ts';

function info(name: string, description: string, unit: string): MetricInfo {
  return { name, description, unit, kind: 'counter' };
}

function accepted(items: string, unit: string): MetricInfo {
  return info(
    `otelcol_receiver_accepted_${items}`,
    'Items that were pushed into the pipeline.',
    unit,
  );
}

function refused(items: string, unit: string): MetricInfo {
  return info(
    `otelcol_receiver_refused_${items}`,
    'Items that the pipeline refused and that are gone.',
    unit,
  );
}

const outcomes = {
  traces: ['acceptedSpans', 'refusedSpans'],
  logs: ['acceptedLogs', 'refusedLogs'],
  metrics: ['acceptedMetrics', 'refusedMetrics'],
} as const;

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
  captured: info(
    'wirestitch_packet_captured',
    'Packets that the kernel had for a live capture, those lost for want of room among them.',
    '{packets}',
  ),
  ringDrops: info(
    'wirestitch_packet_ring_drops',
    'Packets lost because the ring of a live capture was full.',
    '{packets}',
  ),
  retransmitted: info(
    'wirestitch_packet_tcp_retransmitted',
    'TCP segments whose bytes were seen before.',
    '{packets}',
  ),
  overflowed: info(
    'wirestitch_packet_metric_overflow',
    'Times that a flow or request found no series of its own.',
    '{items}',
  ),
  acceptedSpans: accepted('spans', '{spans}'),
  acceptedLogs: accepted('log_records', '{records}'),
  acceptedMetrics: accepted('metric_points', '{datapoints}'),
  refusedSpans: refused('spans', '{spans}'),
  refusedLogs: refused('log_records', '{records}'),
  refusedMetrics: refused('metric_points', '{datapoints}'),
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

  /** A batch was handed on, or is lost. */
  delivered(signal: CaptureSignal, items: number, taken: boolean, live: boolean): void {
    const key = outcomes[signal][taken ? 0 : 1];
    this.counters[key].add(items, { receiver: this.id, transport: live ? 'ring' : 'file' });
  }

  /** @param packets, drops of a ring since it was opened */
  ring(capture: string, packets: number, drops: number): void {
    this.add('captured', capture, packets, { capture });
    this.add('ringDrops', capture, drops, { capture });
  }

  overflowed(total: number): void {
    this.add('overflowed', '', total, {});
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
    this.add('retransmitted', '', stats.tcpRetransmitted, {});
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
