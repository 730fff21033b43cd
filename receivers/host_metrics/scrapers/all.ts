import type { HostMetricsConfig } from '../config.ts';
import type { ScraperName } from '../metric-specs.ts';
import { cpuScraper } from './cpu.ts';
import { diskScraper } from './disk.ts';
import { filesystemScraper } from './filesystem.ts';
import { memoryScraper } from './memory.ts';
import { networkScraper } from './network.ts';
import { nfsScraper } from './nfs.ts';
import { processScraper } from './process.ts';
import type { Scraper, ScrapeTools } from './scraper.ts';
import { loadScraper, pagingScraper, processesScraper, systemScraper } from './small.ts';

/**
 * The configured scrapers.
 * @throws Error when /proc cannot be read
 */
export function makeScrapers(
  config: HostMetricsConfig,
  tools: ScrapeTools,
): [ScraperName, Scraper][] {
  const c = config.scrapers;
  const found: [ScraperName, Scraper | undefined][] = [
    ['cpu', c.cpu && cpuScraper(c.cpu, tools)],
    ['disk', c.disk && diskScraper(c.disk, tools)],
    ['filesystem', c.filesystem && filesystemScraper(c.filesystem, tools, config.root_path)],
    ['load', c.load && loadScraper(c.load, tools)],
    ['memory', c.memory && memoryScraper(c.memory, tools)],
    ['network', c.network && networkScraper(c.network, tools)],
    ['nfs', c.nfs && nfsScraper(c.nfs, tools)],
    ['paging', c.paging && pagingScraper(c.paging, tools)],
    ['processes', c.processes && processesScraper(c.processes, tools)],
    ['process', c.process && processScraper(c.process, tools)],
    ['system', c.system && systemScraper(c.system, tools)],
  ];
  return found.filter((one): one is [ScraperName, Scraper] => one[1] !== undefined);
}
