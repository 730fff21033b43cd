import { setTimeout as sleep } from 'node:timers/promises';

const pollMs = 2;
/** Ends a hang on a loaded machine; it judges no speed. */
const longestMs = 120_000;

/**
 * Waits until something is so. Conditions that reject are not so yet.
 * @param what is waited for, for the error
 * @param everyMs pause between two looks, for looks that cost something
 * @throws Error when it is not so within two minutes
 */
export async function until(
  condition: () => boolean | Promise<boolean>,
  what = 'what the test waits for',
  timeoutMs = longestMs,
  everyMs = pollMs,
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
    await sleep(everyMs);
  }
}
