import type { Settings, Timer } from '../../../component/settings.ts';
import type { TargetGroup } from '../target.ts';
import type { Discoverer } from './discoverer.ts';

/** Looks targets up at once, and again and again; what fails leaves those found before. */
export function refreshing(
  settings: Settings,
  what: string,
  intervalMs: number,
  lookUp: () => Promise<readonly TargetGroup[]>,
  close: () => Promise<void> = async () => {},
): Discoverer {
  let timer: Timer | undefined;
  let closed = false;
  let running: Promise<void> = Promise.resolve();
  const round = async (found: (groups: readonly TargetGroup[]) => void): Promise<void> => {
    try {
      const groups = await lookUp();
      if (!closed) found(groups);
    } catch (error) {
      const message = (error as Error).message;
      settings.logger.error('Unable to refresh target groups', { discovery: what, error: message });
    }
    if (closed) return;
    timer = settings.clock.after(Math.max(1, intervalMs), () => {
      running = round(found);
    });
  };
  return {
    start(found) {
      running = round(found);
    },
    async close() {
      closed = true;
      timer?.cancel();
      await close();
      await running;
    },
  };
}
