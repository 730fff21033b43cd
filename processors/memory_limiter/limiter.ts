import type { Config } from './config.ts';

/** What is measured, in bytes. */
export interface Usage {
  /** JavaScript heap and what hangs on it outside (buffers). */
  readonly used: number;
  /** Resident set of the process. */
  readonly rss: number;
}

/** The limits in bytes: data is refused above `soft`. */
export interface Limits {
  readonly hard: number;
  readonly soft: number;
}

const mebibyte = 2 ** 20;

/** @param totalBytes memory that the process may use, of which percentages are taken */
export function limitsOf(config: Config, totalBytes: number): Limits {
  if (config.limit_mib > 0) {
    const hard = config.limit_mib * mebibyte;
    const spike = config.spike_limit_mib > 0 ? config.spike_limit_mib * mebibyte : hard / 5;
    return { hard, soft: Math.floor(hard - spike) };
  }
  const hard = Math.floor((totalBytes * config.limit_percentage) / 100);
  const { spike_limit_percentage: percentage } = config;
  const spike = percentage > 0 ? (totalBytes * percentage) / 100 : hard / 5;
  return { hard, soft: Math.floor(hard - spike) };
}

/** What a measurement leads to. */
export interface Decision {
  readonly refuse: boolean;
  /** Which limit asks for a collection now. */
  readonly collect: 'soft' | 'hard' | undefined;
}

/**
 * Decides after each measurement. Pure: the caller measures, collects and keeps the time.
 * @param sinceCollectionMs time since the last forced collection
 * @param backOffMs least time between collections since they did not help; see {@link backOff}
 */
export function decide(
  used: number,
  limits: Limits,
  config: Config,
  sinceCollectionMs: number,
  backOffMs = 0,
): Decision {
  if (used < limits.soft) return { refuse: false, collect: undefined };
  const kind = used >= limits.hard ? 'hard' : 'soft';
  const most = config[`max_gc_interval_when_${kind}_limited`];
  const least = Math.max(config[`min_gc_interval_when_${kind}_limited`], Math.min(backOffMs, most));
  return { refuse: true, collect: sinceCollectionMs >= least ? kind : undefined };
}

/** The time between collections after one that did not help: it doubles, from one measurement on. */
export function backOff(backOffMs: number, config: Config): number {
  const most = Math.max(
    config.max_gc_interval_when_soft_limited,
    config.max_gc_interval_when_hard_limited,
  );
  return Math.min(Math.max(2 * backOffMs, config.check_interval), most);
}
