import { PipelineError } from '../../component/errors.ts';
import { ShutDown } from '../chain/errors.ts';
import type { Pauses } from '../chain/retry.ts';

/** How long to wait before something is written again (disk full). */
const retryMs = 1000;

/**
 * Writes what has to get on disk, again and again after retryable errors. Rejects with ShutDown
 * when `pauses` is stopped before it is there.
 * @param tell hears of each error after which it is tried again
 * @returns what `write` gave
 */
export async function written(
  write: () => Promise<number>,
  pauses: Pauses,
  tell: (error: PipelineError) => void,
): Promise<number> {
  for (;;) {
    if (pauses.stopped) throw new ShutDown();
    try {
      return await write();
    } catch (thrown) {
      const error = PipelineError.from(thrown);
      if (!error.retryable) throw error;
      tell(error);
      await pauses.pause(retryMs);
    }
  }
}
