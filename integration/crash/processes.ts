import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';

/** Children of a process, of all its threads. */
function childrenOf(pid: number): number[] {
  const file = `/proc/${pid}/task/${pid}/children`;
  if (!existsSync(file)) return [];
  return readFileSync(file, 'utf8').split(' ').filter(Boolean).map(Number);
}

/** The process that runs the embedded engine below the gateway `pid`; 0 when there is none. */
export function engineOf(pid: number): number {
  for (const child of childrenOf(pid)) {
    const command = existsSync(`/proc/${child}/cmdline`)
      ? readFileSync(`/proc/${child}/cmdline`, 'utf8')
      : '';
    if (command.includes('engine')) return engineOf(child) || child;
  }
  return 0;
}

/** SIGKILL; false when the process is gone already. */
export function killNow(pid: number): boolean {
  try {
    process.kill(pid, 'SIGKILL');
    return true;
  } catch {
    return false;
  }
}

/**
 * Kills process `pid` as it enters its `nth` rename from now on, by strace's injection of a signal.
 * @returns whether it came to that within `timeoutMs`; undefined when strace cannot attach
 */
export async function killAtRename(
  pid: number,
  nth: number,
  timeoutMs: number,
): Promise<boolean | undefined> {
  const calls = 'rename,renameat,renameat2';
  const tracer = spawn(
    'strace',
    [
      '-f',
      '-p',
      String(pid),
      '-e',
      `trace=${calls}`,
      '-e',
      `inject=${calls}:signal=KILL:when=${nth}`,
    ],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  );
  let said = '';
  tracer.stderr.on('data', (chunk: Buffer) => {
    said += chunk.toString();
  });
  const ended = once(tracer, 'exit').catch(() => undefined);
  const timer = setTimeout(() => tracer.kill('SIGTERM'), timeoutMs);
  await ended;
  clearTimeout(timer);
  if (/Operation not permitted|ENOENT/.test(said) || said === '') return undefined;
  return said.includes('killed by SIGKILL');
}
