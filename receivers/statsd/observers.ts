import { compileRegexp, type GoRegexp } from '../../pdata/regexp/index.ts';
import type { TimerMapping } from './config.ts';

/** What becomes of the values of timers, or of histograms and distributions. */
export interface Observer {
  readonly method: 'disabled' | 'gauge' | 'summary' | 'histogram';
  /** Buckets of an exponential histogram. */
  readonly maxSize: number;
  readonly explicit: readonly { readonly pattern: GoRegexp; readonly bounds: readonly number[] }[];
  /** 0 to 100. */
  readonly percentiles: readonly number[];
}

/** What becomes of values, by what they are sent as. */
export interface Observers {
  readonly timers: Observer;
  /** Of histograms and distributions. */
  readonly others: Observer;
}

const defaultSize = 160;
const defaultPercentiles = [0, 10, 50, 90, 95, 100];

/**
 * Reads `timer_histogram_mapping` as the Go collector does: explicit buckets count for histograms
 * and distributions wherever they are given, `max_size` for timers.
 */
export function observersOf(mappings: readonly TimerMapping[]): Observers {
  type Mutable = { -readonly [K in keyof Observer]: Observer[K] };
  const fresh = (): Mutable => ({
    method: 'disabled',
    maxSize: defaultSize,
    explicit: [],
    percentiles: defaultPercentiles,
  });
  const timers = fresh();
  const others = fresh();
  for (const { statsd_type: type, observer_type: observer, histogram, summary } of mappings) {
    const one = type === 'timing' || type === 'timer' ? timers : others;
    one.method = observer as Observer['method'];
    const { percentiles } = summary;
    one.percentiles = percentiles.length > 0 ? percentiles : defaultPercentiles;
    timers.maxSize = histogram.max_size >= 2 ? histogram.max_size : defaultSize;
    if (!histogram.explicit_buckets) continue;
    others.explicit = histogram.explicit_buckets.map(({ matcher_pattern: pattern, buckets }) => ({
      pattern: compileRegexp(pattern),
      bounds: buckets,
    }));
  }
  return { timers, others };
}
