import type { ScraperConfigs } from '../config.ts';
import { passes } from '../filter.ts';
import type { HostFiles } from '../proc.ts';
import { Recorder } from '../recorder.ts';
import { attempt, type Scraper, type ScrapeTools } from './scraper.ts';

/** Names of TCP states by the numbers of /proc/net/tcp. */
const stateNames: Readonly<Record<string, string>> = {
  '01': 'ESTABLISHED',
  '02': 'SYN_SENT',
  '03': 'SYN_RECV',
  '04': 'FIN_WAIT1',
  '05': 'FIN_WAIT2',
  '06': 'TIME_WAIT',
  '07': 'CLOSE',
  '08': 'CLOSE_WAIT',
  '09': 'LAST_ACK',
  '0A': 'LISTEN',
  '0B': 'CLOSING',
};

/** States that are reported also with no connection. */
const always = [
  ...['CLOSE_WAIT', 'CLOSE', 'CLOSING', 'DELETE', 'ESTABLISHED', 'FIN_WAIT_1', 'FIN_WAIT_2'],
  ...['LAST_ACK', 'LISTEN', 'SYN_SENT', 'SYN_RECV', 'TIME_WAIT'],
];

function connections(files: HostFiles): Map<string, number> {
  const counts = new Map<string, number>(always.map((state) => [state, 0]));
  for (const table of ['tcp', 'tcp6']) {
    let lines: string[];
    try {
      lines = files.lines(`/proc/net/${table}`).slice(1);
    } catch (error) {
      if (table === 'tcp6') continue; // a kernel without IPv6
      throw error;
    }
    const seen = new Set<string>();
    for (const line of lines) {
      const [, local, remote, number] = line.trim().split(/\s+/);
      const key = `${local} ${remote} ${number}`;
      if (seen.has(key)) continue;
      seen.add(key);
      const state = stateNames[number ?? ''] ?? '';
      counts.set(state, (counts.get(state) ?? 0) + 1);
    }
  }
  return counts;
}

/** Reads /proc/net/dev, TCP connections by state and, where it is on, conntrack. */
export function networkScraper(config: ScraperConfigs['network'], tools: ScrapeTools): Scraper {
  const { files } = tools;
  const r = new Recorder('network', config.metrics, tools.version);
  const start = files.bootTime();
  const counters = (): void => {
    for (const line of files.lines('/proc/net/dev').slice(2)) {
      const colon = line.lastIndexOf(':');
      const device = line.slice(0, colon).trim();
      if (colon < 0 || device === '' || !passes(device, config.include, config.exclude)) continue;
      const n = line
        .slice(colon + 1)
        .trim()
        .split(/\s+/)
        .map(Number);
      const both = (metric: string, receive: number, transmit: number) => {
        r.add(metric, transmit, { device, direction: 'transmit' });
        r.add(metric, receive, { device, direction: 'receive' });
      };
      both('system.network.packets', n[1]!, n[9]!);
      both('system.network.dropped', n[3]!, n[11]!);
      both('system.network.errors', n[2]!, n[10]!);
      both('system.network.io', n[0]!, n[8]!);
    }
  };
  const conntrack = (): void => {
    for (const what of ['count', 'max']) {
      const metric = `system.network.conntrack.${what}`;
      if (!r.isOn(metric)) continue;
      r.add(metric, Number(files.text(`/proc/sys/net/netfilter/nf_conntrack_${what}`)));
    }
  };
  return {
    scrape(builder, now) {
      const faults: string[] = [];
      attempt(faults, 'failed to read network IO stats', counters);
      attempt(faults, 'failed to read TCP connections', () => {
        if (!r.isOn('system.network.connections')) return;
        for (const [state, value] of connections(files)) {
          r.add('system.network.connections', value, { protocol: 'tcp', state });
        }
      });
      attempt(faults, 'failed to read conntrack info', conntrack);
      r.write(builder, start, now);
      return faults;
    },
  };
}
