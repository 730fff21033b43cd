/** One test file of live capture at a time: what they find depends on what others leave them. */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const folder = join(tmpdir(), 'wirestitch-live-tests');
const owner = join(folder, 'pid');
const mostMs = 400_000;

/** Waits until no other process holds the lock, at most some minutes, and holds it to its own end. */
export async function alone(): Promise<void> {
  for (const until = Date.now() + mostMs; Date.now() < until; await sleep(200)) {
    if (take()) {
      process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
      return;
    }
  }
}

function take(): boolean {
  try {
    mkdirSync(folder);
    writeFileSync(owner, String(process.pid));
    return true;
  } catch {
    if (isLeft()) rmSync(folder, { recursive: true, force: true });
    return false;
  }
}

/** Whether the process that took it has ended without giving it back. */
function isLeft(): boolean {
  try {
    process.kill(Number(readFileSync(owner, 'utf8')), 0);
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ESRCH';
  }
}
