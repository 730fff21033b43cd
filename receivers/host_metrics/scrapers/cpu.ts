import type { MetricsBuilder } from '../../../pdata/builder.ts';
import type { ScraperConfigs } from '../config.ts';
import { type HostFiles, ticksPerSecond } from '../proc.ts';
import { Recorder } from '../recorder.ts';
import type { Scraper, ScrapeTools } from './scraper.ts';

/** States in the order in which they are emitted, and their columns in /proc/stat. */
const states = [
  ['user', 0],
  ['system', 2],
  ['idle', 3],
  ['interrupt', 5],
  ['nice', 1],
  ['softirq', 6],
  ['steal', 7],
  ['wait', 4],
] as const;

/** Seconds of each CPU by column: user nice system idle iowait irq softirq steal guest guest_nice. */
function cpuTimes(files: HostFiles): Map<string, number[]> {
  const times = new Map<string, number[]>();
  for (const line of files.lines('/proc/stat')) {
    const match = /^(cpu\d+)\s+(.*)$/.exec(line);
    if (match === null) continue;
    const columns = match[2]!
      .trim()
      .split(/\s+/)
      .map((text) => Number(text) / ticksPerSecond);
    times.set(match[1]!, columns);
  }
  return times;
}

/** CPUs that can run programs. */
export function logicalCpus(files: HostFiles): number {
  const found = files.text('/proc/cpuinfo').match(/^processor\s*:\s*\d+/gim)?.length ?? 0;
  return found > 0 ? found : cpuTimes(files).size;
}

function physicalCpus(files: HostFiles): number {
  const lists = new Set<string>();
  for (const name of ['core_cpus_list', 'thread_siblings_list']) {
    for (const cpu of files.list('/sys/devices/system/cpu')) {
      if (!/^cpu\d/.test(cpu)) continue;
      try {
        lists.add(files.text(`/sys/devices/system/cpu/${cpu}/topology/${name}`).trim());
      } catch {
        // a CPU that is off has no topology
      }
    }
    if (lists.size > 0) return lists.size;
  }
  const cores = new Map<string, number>();
  for (const section of files.text('/proc/cpuinfo').split('\n\n')) {
    const id = /^physical id\s*:\s*(\d+)/m.exec(section)?.[1];
    const count = /^cpu cores\s*:\s*(\d+)/m.exec(section)?.[1];
    if (id !== undefined && count !== undefined) cores.set(id, Number(count));
  }
  return [...cores.values()].reduce((sum, count) => sum + count, 0);
}

/** Reads /proc/stat and /proc/cpuinfo; utilization is told from the second reading on. */
export function cpuScraper(config: ScraperConfigs['cpu'], tools: ScrapeTools): Scraper {
  const { files } = tools;
  const r = new Recorder('cpu', config.metrics, tools.version);
  const start = files.bootTime();
  let previous: Map<string, number[]> | undefined;
  const frequencies = (): void => {
    for (const section of files.text('/proc/cpuinfo').split('\n\n')) {
      const id = /^processor\s*:\s*(\d+)/m.exec(section)?.[1];
      const mhz = /^cpu MHz\s*:\s*([\d.]+)/m.exec(section)?.[1];
      if (id === undefined) continue;
      r.add('system.cpu.frequency', Number(mhz ?? 0) * 1e6, { cpu: `cpu${id}` });
    }
  };
  return {
    scrape(builder: MetricsBuilder, now: bigint) {
      const times = cpuTimes(files);
      for (const [cpu, columns] of times) {
        for (const [state, column] of states) {
          r.add('system.cpu.time', columns[column] ?? 0, { cpu, state });
        }
        const before = previous?.get(cpu);
        if (before === undefined) continue;
        const sum = (list: readonly number[]) => list.reduce((a, b) => a + b, 0);
        const elapsed = sum(columns) - sum(before);
        for (const [state, column] of states) {
          const spent = (columns[column] ?? 0) - (before[column] ?? 0);
          r.add('system.cpu.utilization', elapsed > 0 ? spent / elapsed : 0, { cpu, state });
        }
      }
      previous = times;
      if (r.isOn('system.cpu.physical.count'))
        r.add('system.cpu.physical.count', physicalCpus(files));
      if (r.isOn('system.cpu.logical.count')) r.add('system.cpu.logical.count', logicalCpus(files));
      if (r.isOn('system.cpu.frequency')) frequencies();
      r.write(builder, start, now);
      return [];
    },
  };
}
