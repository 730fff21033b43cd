import { mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { realClock } from '../../testing/clock.ts';
import { watchFile } from './watch-file.ts';

test('no change is missed, be it made before the watch is there', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'watch-file-'));
  const path = join(dir, 'file');
  try {
    for (let round = 0; round < 20; round++) {
      writeFileSync(path, 'read before');
      writeFileSync(path, 'changed since');
      await seen(path, 'changed since', () => undefined);
      await seen(path, 'changed at once', () => writeFileSync(path, 'changed at once'));
    }
    await seen(path, 'another file', () => {
      writeFileSync(`${path}.new`, 'another file');
      renameSync(`${path}.new`, path);
    });
  } finally {
    rmSync(dir, { recursive: true });
  }
});

/** Ends when a call came at which the file holds `text`. */
async function seen(path: string, text: string, act: () => void): Promise<void> {
  let stop: () => void = () => undefined;
  let timeout: NodeJS.Timeout | undefined;
  await new Promise<void>((resolve, reject) => {
    timeout = setTimeout(() => reject(new Error(`${text}: not seen`)), 60_000);
    stop = watchFile(path, realClock(), () => {
      if (readFileSync(path, 'utf8') === text) resolve();
    });
    act();
  }).finally(() => {
    clearTimeout(timeout);
    stop();
  });
}
