import type { ScraperConfigs } from '../config.ts';
import { Recorder } from '../recorder.ts';
import type { Scraper, ScrapeTools } from './scraper.ts';

/** Bytes of a page on the machines that this program runs on. */
export const pageSize = 4096;

/** Reads /proc/meminfo; what counts as used depends on a feature gate. */
export function memoryScraper(config: ScraperConfigs['memory'], tools: ScrapeTools): Scraper {
  const { files, gates } = tools;
  const byAvailable = gates.enabled('receiver.hostmetricsreceiver.UseLinuxMemAvailable');
  const r = new Recorder('memory', config.metrics, tools.version);
  const start = files.bootTime();
  return {
    scrape(builder, now) {
      const info = files.numbers('/proc/meminfo');
      const kib = (name: string) => (info.get(name) ?? 0) * 1024;
      const total = kib('MemTotal');
      if (total <= 0) return ['invalid total memory: 0'];
      const available = info.has('MemAvailable')
        ? kib('MemAvailable')
        : kib('MemFree') + kib('Buffers') + kib('Cached');
      const cached = kib('Cached') + kib('SReclaimable');
      const unused = byAvailable ? available : kib('MemFree') + kib('Buffers') + cached;
      const states = {
        used: total - unused,
        free: kib('MemFree'),
        buffered: kib('Buffers'),
        cached,
        slab_reclaimable: kib('SReclaimable'),
        slab_unreclaimable: kib('SUnreclaim'),
      };
      for (const [state, value] of Object.entries(states)) {
        r.add('system.memory.usage', value, { state });
        r.add('system.memory.utilization', value / total, { state });
      }
      r.add('system.memory.limit', total);
      r.add('system.linux.memory.available', available);
      r.add('system.linux.memory.dirty', kib('Dirty'));
      r.add('system.memory.linux.shared', kib('Shmem'));
      r.add('system.memory.page_size', pageSize);
      const prefix = 'system.memory.linux.hugepages.';
      const pages = info.get('HugePages_Total') ?? 0;
      const free = info.get('HugePages_Free') ?? 0;
      const by = (state: string) => ({ 'system.memory.linux.hugepages.state': state });
      r.add(`${prefix}page_size`, kib('Hugepagesize'));
      r.add(`${prefix}limit`, pages);
      r.add(`${prefix}usage`, free, by('free'));
      r.add(`${prefix}usage`, pages - free, by('used'));
      r.add(`${prefix}reserved`, info.get('HugePages_Rsvd') ?? 0);
      r.add(`${prefix}surplus`, info.get('HugePages_Surp') ?? 0);
      if (pages > 0) {
        r.add(`${prefix}utilization`, free / pages, by('free'));
        r.add(`${prefix}utilization`, (pages - free) / pages, by('used'));
      }
      r.write(builder, start, now);
      return [];
    },
  };
}
