import { type FSWatcher, type Stats, watch } from 'node:fs';
import { stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Clock, Timer } from '../../component/settings.ts';

/** A file is looked at so often where the system reports nothing (network file systems). */
const pollMs = 5000;

/** Several events in a row are one change. */
const settleMs = 20;

/**
 * Calls `changed` when the file behind `path` may have become another: written, replaced, or what a
 * symbolic link points at. It may come without a change; it comes once at first, as the file may
 * have changed since the caller read it.
 * @returns what ends it
 */
export function watchFile(path: string, clock: Clock, changed: () => void): () => void {
  let stopped = false;
  let seen: string | undefined;
  let poll: Timer | undefined;
  let settling: Timer | undefined;
  const look = async (): Promise<void> => {
    const now = await stat(path).then(identity, () => 'absent');
    if (stopped) return;
    const before = seen;
    seen = now;
    if (before !== now) changed();
  };
  const soon = (): void => {
    settling ??= clock.after(settleMs, () => {
      settling = undefined;
      void look();
    });
  };
  const pollLater = (): void => {
    poll = clock.after(pollMs, () => {
      void look();
      pollLater();
    });
  };
  const watcher = watchFolder(dirname(path), soon);
  void look();
  pollLater();
  return () => {
    stopped = true;
    watcher?.close();
    poll?.cancel();
    settling?.cancel();
  };
}

function identity({ dev, ino, size, mtimeMs, ctimeMs }: Stats): string {
  return `${dev} ${ino} ${size} ${mtimeMs} ${ctimeMs}`;
}

/** @returns undefined where the folder cannot be watched: then it is polled alone */
function watchFolder(folder: string, changed: () => void): FSWatcher | undefined {
  try {
    const watcher = watch(folder, { persistent: false }, changed);
    watcher.on('error', () => watcher.close());
    return watcher;
  } catch {
    return undefined;
  }
}
