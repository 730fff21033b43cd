import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';

/** Ends a process: SIGTERM, after `graceMs` SIGKILL. Returns when it has ended. */
export async function stopProcess(child: ChildProcess, graceMs = 60_000): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), graceMs);
  await ended;
  clearTimeout(timer);
}
