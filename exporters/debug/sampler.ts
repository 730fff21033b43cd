import type { Clock } from '../../component/settings.ts';

/**
 * Of the batches of each second, lets the first `sampling_initial` pass and then every
 * `sampling_thereafter`-th.
 */
export function createSampler(
  config: { readonly sampling_initial: number; readonly sampling_thereafter: number },
  clock: Clock,
): () => boolean {
  let periodEnd = Number.NEGATIVE_INFINITY;
  let seen = 0;
  return () => {
    const now = clock.monotonicMs();
    if (now >= periodEnd) {
      periodEnd = now + 1000;
      seen = 0;
    }
    seen++;
    if (seen <= config.sampling_initial) return true;
    const { sampling_thereafter: every } = config;
    return every !== 0 && (seen - config.sampling_initial) % every === 0;
  };
}
