import type { SyscallStats } from '../../agent/ebpf/engine.ts';
import type { KernelCounters } from '../../agent/ebpf/maps.ts';
import type { MetricInfo } from '../../component/factory.ts';
import type { Counter, Settings } from '../../component/settings.ts';

function info(name: string, description: string, unit: string): MetricInfo {
  return { name, description, unit, kind: 'counter' };
}

export const metrics = {
  events: info('wirestitch_ebpf_events', 'Records that the kernel side told.', '{events}'),
  dropped: info(
    'wirestitch_ebpf_dropped_events',
    'Records for which the ring buffer had no room.',
    '{events}',
  ),
  unreadable: info(
    'wirestitch_ebpf_unreadable_payloads',
    'Calls whose payload could not be read.',
    '{calls}',
  ),
  untracked: info(
    'wirestitch_ebpf_untracked_calls',
    'Calls on sockets that the kernel side had no room for.',
    '{calls}',
  ),
  sockets: info('wirestitch_ebpf_sockets', 'Sockets seen.', '{sockets}'),
  unknown: info(
    'wirestitch_ebpf_sockets_unknown',
    'Sockets on which no enabled protocol was recognised.',
    '{sockets}',
  ),
  evicted: info('wirestitch_ebpf_sockets_evicted', 'Sockets that had to make room.', '{sockets}'),
  gaps: info(
    'wirestitch_ebpf_gap_bytes',
    'Bytes that processes moved and that were not captured.',
    'By',
  ),
  sessions: info('wirestitch_ebpf_sessions', 'Sessions, by protocol and reason.', '{sessions}'),
  drops: info('wirestitch_ebpf_drops', 'Messages given up, by reason.', '{messages}'),
  withheld: info(
    'wirestitch_ebpf_chains_withheld',
    'Syscall trace ids that were not certain and not told, by reason.',
    '{ids}',
  ),
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

/** Publishes what the kernel side and the engine count as the program's own metrics. */
export class Counters {
  private readonly receiver: string;
  private readonly counters: Readonly<Record<keyof typeof metrics, Counter>>;
  private readonly last = new Map<string, number>();

  constructor(settings: Settings) {
    this.receiver = settings.id;
    const made = Object.entries(metrics).map(([key, { name, description, unit }]) => [
      key,
      settings.meter.counter(name, { description, unit }),
    ]);
    this.counters = Object.fromEntries(made) as Record<keyof typeof metrics, Counter>;
  }

  accepted(spans: number): void {
    this.counters.accepted.add(spans, { receiver: this.receiver, transport: 'ebpf' });
  }

  refused(spans: number): void {
    this.counters.refused.add(spans, { receiver: this.receiver, transport: 'ebpf' });
  }

  /** Adds what is new since the last call. */
  publish(stats: SyscallStats, kernel: KernelCounters): void {
    this.since('events', kernel.events);
    this.since('dropped', kernel.dropped);
    this.since('unreadable', kernel.unreadable);
    this.since('untracked', kernel.untracked);
    this.since('sockets', stats.sockets);
    this.since('unknown', stats.socketsUnknown);
    this.since('evicted', stats.socketsEvicted);
    this.since('gaps', stats.gapBytes);
    for (const [name, n] of Object.entries(stats.sessions)) {
      const [protocol, reason] = name.split('/', 2) as [string, string];
      this.since('sessions', n, name, { protocol, reason: reason === '' ? 'complete' : reason });
    }
    for (const [reason, n] of Object.entries(stats.drops)) {
      this.since('drops', n, reason, { reason });
    }
    for (const [reason, n] of Object.entries(stats.withheld)) {
      this.since('withheld', n, reason, { reason });
    }
  }

  private since(
    key: keyof typeof metrics,
    value: number,
    name = '',
    attributes: Readonly<Record<string, string>> = {},
  ): void {
    const series = `${key} ${name}`;
    const before = this.last.get(series) ?? 0;
    if (value <= before) return;
    this.last.set(series, value);
    this.counters[key].add(value - before, { receiver: this.receiver, ...attributes });
  }
}
