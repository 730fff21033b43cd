import { z } from 'zod';
import { duration } from '../../config/schema/index.ts';

const mebibytes = (description: string) => z.int().nonnegative().default(0).describe(description);
const percentage = (description: string) =>
  z.int().min(0).max(100).default(0).describe(`${description}, 0 to 100`);
const interval = () => duration({ min: Number.NEGATIVE_INFINITY });

const base = z.strictObject({
  check_interval: duration().prefault('0s').describe('time between measurements; required'),
  limit_mib: mebibytes('hard limit in MiB'),
  spike_limit_mib: mebibytes(
    'what may come between two measurements, in MiB: the soft limit is that much below; 0 = 20 %',
  ),
  limit_percentage: percentage('hard limit as part of the memory that the process may use'),
  spike_limit_percentage: percentage('the same of spike_limit_mib; 0 = a fifth of the limit'),
  min_gc_interval_when_soft_limited: interval()
    .prefault('10s')
    .describe('time between two forced collections above the soft limit'),
  min_gc_interval_when_hard_limited: interval()
    .prefault('0s')
    .describe('time between two forced collections above the hard limit'),
  max_gc_interval_when_soft_limited: interval()
    .prefault('30s')
    .describe('what that time grows to while collections do not help; 0 = it does not grow'),
  max_gc_interval_when_hard_limited: interval()
    .prefault('30s')
    .describe('what that time grows to while collections do not help; 0 = it does not grow'),
});

/** The keys as they are decoded; `check_interval` in milliseconds. */
export type Config = z.output<typeof base>;

/** Faults of a whole configuration: the key and the Go collector's text. */
function* faults(given: Config): Generator<[keyof Config, string]> {
  if (given.check_interval <= 0) {
    yield ['check_interval', "'check_interval' must be greater than zero"];
  }
  if (given.limit_mib === 0 && given.limit_percentage === 0) {
    yield ['limit_mib', "'limit_mib' or 'limit_percentage' must be greater than zero"];
  }
  if (given.limit_mib > 0 && given.spike_limit_mib >= given.limit_mib) {
    yield ['spike_limit_mib', "'spike_limit_mib' must be smaller than 'limit_mib'"];
  }
  const { limit_percentage: limit, spike_limit_percentage: spike } = given;
  if (limit > 0 && spike >= limit) {
    const message = "'spike_limit_percentage' must be smaller than 'limit_percentage'";
    yield ['spike_limit_percentage', message];
  }
  if (given.min_gc_interval_when_soft_limited < given.min_gc_interval_when_hard_limited) {
    const message =
      "'min_gc_interval_when_soft_limited' should be larger than " +
      "'min_gc_interval_when_hard_limited'";
    yield ['min_gc_interval_when_soft_limited', message];
  }
  for (const kind of ['soft', 'hard'] as const) {
    const key = `max_gc_interval_when_${kind}_limited` as const;
    const least = `min_gc_interval_when_${kind}_limited` as const;
    if (given[key] < 0) yield [key, `'${key}' must be non-negative`];
    else if (given[key] > 0 && given[key] < given[least]) {
      yield [key, `'${key}' must be greater than or equal to '${least}' (or 0 to disable)`];
    }
  }
}

export const config: z.ZodType<Config> = base.superRefine((given, ctx) => {
  for (const [key, message] of faults(given)) {
    ctx.addIssue({ code: 'custom', path: [key], message });
  }
});
