import { join } from 'node:path';
import type { Clock } from '../../component/settings.ts';

/** A held lock. */
export interface Lock {
  release(): void;
}

/**
 * The locked file. Nobody else in this process may open it: when any descriptor of a file is
 * closed, the kernel gives up all locks that the process has on it.
 */
export const lockName = 'wirestitch.lock';

const retryMs = 50;

/**
 * Takes the one lock of a directory, so that two processes never use it at once. SQLite's file
 * lock serves as such: the kernel gives it up when the process dies, however it dies, and it works
 * between containers that share a volume.
 * @param timeoutMs how long to wait for another process; 0 = for ever
 */
export async function lockDirectory(
  directory: string,
  timeoutMs: number,
  clock: Clock,
): Promise<Lock> {
  const { DatabaseSync } = await import('node:sqlite');
  const file = join(directory, lockName);
  const database = new DatabaseSync(file);
  const startMs = clock.monotonicMs();
  for (;;) {
    try {
      database.exec('PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE');
      return { release: () => database.close() };
    } catch (error) {
      const waited = clock.monotonicMs() - startMs;
      const busy = (error as { errcode?: unknown }).errcode === 5; // SQLITE_BUSY
      if (busy && (timeoutMs === 0 || waited < timeoutMs)) {
        await new Promise<void>((resolve) => clock.after(retryMs, resolve));
        continue;
      }
      database.close();
      const why = busy ? 'another process uses it' : (error as Error).message;
      throw new Error(`cannot lock ${JSON.stringify(directory)}: ${why}`, { cause: error });
    }
  }
}
