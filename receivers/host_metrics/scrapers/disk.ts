import type { ScraperConfigs } from '../config.ts';
import { passes } from '../filter.ts';
import { Recorder } from '../recorder.ts';
import type { Scraper, ScrapeTools } from './scraper.ts';

/** Bytes of a sector of /proc/diskstats. */
const sector = 512;

/** Reads /proc/diskstats (Documentation/admin-guide/iostats.rst of Linux). */
export function diskScraper(config: ScraperConfigs['disk'], tools: ScrapeTools): Scraper {
  const { files } = tools;
  const r = new Recorder('disk', config.metrics, tools.version);
  const start = files.bootTime();
  return {
    scrape(builder, now) {
      for (const line of files.lines('/proc/diskstats')) {
        const fields = line.trim().split(/\s+/);
        const device = fields[2];
        if (fields.length < 14 || device === undefined) continue;
        const n = fields.slice(3, 14).map(Number);
        if (n.every((value) => value === 0)) continue;
        if (!passes(device, config.include, config.exclude)) continue;
        const both = (metric: string, read: number, write: number) => {
          r.add(metric, read, { device, direction: 'read' });
          r.add(metric, write, { device, direction: 'write' });
        };
        both('system.disk.io', n[2]! * sector, n[6]! * sector);
        both('system.disk.operations', n[0]!, n[4]!);
        r.add('system.disk.io_time', n[9]! / 1000, { device });
        both('system.disk.operation_time', n[3]! / 1000, n[7]! / 1000);
        r.add('system.disk.pending_operations', n[8]!, { device });
        r.add('system.disk.weighted_io_time', n[10]! / 1000, { device });
        both('system.disk.merged', n[1]!, n[5]!);
      }
      r.write(builder, start, now);
      return [];
    },
  };
}
