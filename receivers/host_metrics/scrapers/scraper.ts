import type { Clock, Gates } from '../../../component/settings.ts';
import type { MetricsBuilder } from '../../../pdata/builder.ts';
import type { HostFiles } from '../proc.ts';

/** What scrapers get from outside. */
export interface ScrapeTools {
  readonly files: HostFiles;
  readonly clock: Clock;
  /** Version in the scope of what is emitted. */
  readonly version: string;
  readonly gates: Gates;
}

/** Reads one kind of metrics. */
export interface Scraper {
  /**
   * Reads and writes what there is.
   * @param now nanoseconds since 1970
   * @returns what could not be read; empty = all was
   */
  scrape(builder: MetricsBuilder, now: bigint): string[] | Promise<string[]>;
}

/** Runs a part of a scrape; an error becomes its text in `faults`. */
export function attempt(faults: string[], what: string, part: () => void): void {
  try {
    part();
  } catch (error) {
    faults.push(`${what}: ${(error as Error).message}`);
  }
}
