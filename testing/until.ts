import { setTimeout as sleep } from 'node:timers/promises';

const pollMs = 2;
const longestMs = 60_000;

/**
 * Waits until something is so. Conditions that reject are not so yet.
 * @param what is waited for, for the error
 * @throws Error when it is not so within a minute
 */
export async function until(
  condition: () => boolean | Promise<boolean>,
  what = 'what the test waits for',
  timeoutMs = longestMs,
): Promise<void> {
  const end = performance.now() + timeoutMs;
  let fault: unknown;
  for (;;) {
    try {
      if (await condition()) return;
      fault = undefined;
    } catch (error) {
      fault = error;
    }
    if (performance.now() > end) {
      throw new Error(`not within ${timeoutMs} ms: ${what}`, { cause: fault });
    }
    await sleep(pollMs);
  }
}
