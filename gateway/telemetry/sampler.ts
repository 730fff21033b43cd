import type { Clock } from '../../component/settings.ts';

/** Whether an entry is to be written. */
export type Sampler = (level: string, message: string) => boolean;

const maxMessages = 4096;

/**
 * Of entries with equal level and message, lets the first `initial` of each period pass and then
 * every `thereafter`-th. Counts of a period are forgotten at its end, or when there are 4096.
 */
export function createSampler(
  config: { readonly tick: number; readonly initial: number; readonly thereafter: number },
  clock: Clock,
): Sampler {
  const counts = new Map<string, number>();
  let periodEnd = 0;
  return (level, message) => {
    const now = clock.monotonicMs();
    if (now >= periodEnd || counts.size >= maxMessages) {
      counts.clear();
      periodEnd = now + config.tick;
    }
    const key = `${level} ${message}`;
    const count = (counts.get(key) ?? 0) + 1;
    counts.set(key, count);
    if (count <= config.initial) return true;
    return config.thereafter !== 0 && (count - config.initial) % config.thereafter === 0;
  };
}
