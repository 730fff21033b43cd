import type { ScraperConfigs } from '../config.ts';
import { Recorder } from '../recorder.ts';
import { logicalCpus } from './cpu.ts';
import { attempt, type Scraper, type ScrapeTools } from './scraper.ts';

/** What pages of /proc/vmstat are counted in by the Go collector. */
const page = 4096;

/** Reads /proc/loadavg; with `cpu_average` divided by the number of logical CPUs. */
export function loadScraper(config: ScraperConfigs['load'], tools: ScrapeTools): Scraper {
  const { files } = tools;
  const r = new Recorder('load', config.metrics, tools.version);
  const start = files.bootTime();
  const divisor = config.cpu_average ? logicalCpus(files) : 1;
  return {
    scrape(builder, now) {
      const loads = files.text('/proc/loadavg').split(' ').map(Number);
      ['1m', '5m', '15m'].forEach((span, i) => {
        r.add(`system.cpu.load_average.${span}`, loads[i]! / divisor);
      });
      r.write(builder, start, now);
      return [];
    },
  };
}

/** Reads /proc/swaps and /proc/vmstat. */
export function pagingScraper(config: ScraperConfigs['paging'], tools: ScrapeTools): Scraper {
  const { files } = tools;
  const r = new Recorder('paging', config.metrics, tools.version);
  const start = files.bootTime();
  const usage = (): void => {
    for (const line of files.lines('/proc/swaps').slice(1)) {
      const [device, , total, used] = line.split(/\s+/);
      const [all, taken] = [Number(total) * 1024, Number(used) * 1024];
      for (const [state, value] of Object.entries({ used: taken, free: all - taken })) {
        r.add('system.paging.usage', value, { device: device!, state });
        r.add('system.paging.utilization', value / all, { device: device!, state });
      }
    }
  };
  const counters = (): void => {
    const vm = files.numbers('/proc/vmstat');
    const count = (name: string) => (vm.get(name) ?? 0) * page;
    const operation = (name: string, direction: string, type: string) =>
      r.add('system.paging.operations', count(name), { direction, type });
    operation('pswpin', 'page_in', 'major');
    operation('pswpout', 'page_out', 'major');
    operation('pgpgin', 'page_in', 'minor');
    operation('pgpgout', 'page_out', 'minor');
    const major = count('pgmajfault');
    r.add('system.paging.faults', major, { type: 'major' });
    r.add('system.paging.faults', count('pgfault') - major, { type: 'minor' });
  };
  return {
    scrape(builder, now) {
      const faults: string[] = [];
      attempt(faults, 'failed to read page file stats', usage);
      attempt(faults, 'failed to read swap info', counters);
      r.write(builder, start, now);
      return faults;
    },
  };
}

const stateNames: Readonly<Record<string, string>> = {
  D: 'blocked',
  I: 'idle',
  R: 'running',
  S: 'sleeping',
  T: 'stopped',
  t: 'stopped',
  W: 'paging',
  Z: 'zombies',
};

/** Counts processes by their state, and those created since the host started. */
export function processesScraper(config: ScraperConfigs['processes'], tools: ScrapeTools): Scraper {
  const { files } = tools;
  const r = new Recorder('processes', config.metrics, tools.version);
  const start = files.bootTime();
  const count = (pids: readonly string[]): Map<string, number> => {
    const counts = new Map<string, number>();
    for (const pid of pids) {
      try {
        const state = /^State:\s*(\S)/m.exec(files.text(`/proc/${pid}/status`))?.[1];
        const name = stateNames[state ?? ''] ?? 'unknown';
        counts.set(name, (counts.get(name) ?? 0) + 1);
      } catch {
        // it ended meanwhile
      }
    }
    return counts;
  };
  return {
    scrape(builder, now) {
      const pids = files.list('/proc').filter((name) => /^\d+$/.test(name));
      const counts = count(pids);
      const stat = files.numbers('/proc/stat');
      counts.set('blocked', stat.get('procs_blocked') ?? 0);
      counts.set('running', stat.get('procs_running') ?? 0);
      const known = [...counts.values()].reduce((a, b) => a + b, 0);
      if (pids.length > known) counts.set('unknown', pids.length - known);
      for (const [status, value] of counts) r.add('system.processes.count', value, { status });
      r.add('system.processes.created', stat.get('processes') ?? 0);
      r.write(builder, start, now);
      return [];
    },
  };
}

/** Reads /proc/uptime; whole seconds. */
export function systemScraper(config: ScraperConfigs['system'], tools: ScrapeTools): Scraper {
  const { files } = tools;
  const r = new Recorder('system', config.metrics, tools.version);
  const start = files.bootTime();
  return {
    scrape(builder, now) {
      r.add('system.uptime', Math.trunc(Number(files.text('/proc/uptime').split(' ')[0])));
      r.write(builder, start, now);
      return [];
    },
  };
}
