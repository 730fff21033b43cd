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

/** How a kill at a rename ended. */
export type RenameKill =
  /** As a part that an INSERT wrote was given its name. */
  | 'insert'
  /** At another rename: of a merge, or of a part that goes. */
  | 'other'
  /** There was no such rename in time; the process lives. */
  | 'none';

/**
 * Kills process `pid` as one of its threads enters its `nth` rename from now on, by strace's
 * injection of a signal. @throws Error when strace cannot attach
 */
export async function killAtRename(
  pid: number,
  nth: number,
  timeoutMs: number,
): Promise<RenameKill> {
  const calls = 'rename,renameat,renameat2';
  const inject = `inject=${calls}:signal=KILL:when=${nth}`;
  const args = ['-f', '-s', '4096', '-p', String(pid), '-e', `trace=${calls}`, '-e', inject];
  const tracer = spawn('strace', args, { stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  tracer.stderr.on('data', (chunk: Buffer) => {
    said += chunk.toString();
  });
  const timer = setTimeout(() => tracer.kill('SIGTERM'), timeoutMs);
  await once(tracer, 'close');
  clearTimeout(timer);
  if (!/\battached\b/.test(said)) throw new Error(`cannot kill at a rename: strace: ${said}`);
  return renameKill(said);
}

/** Reads what strace wrote of renames: the last that did not end is the one of the kill. */
export function renameKill(said: string): RenameKill {
  if (!said.includes('killed by SIGKILL')) return 'none';
  const calls = said.split('\n').filter((line) => /\brename(at2?)?\(/.test(line));
  const open = calls.filter((line) => !/\) = -?\d/.test(line));
  return /\/tmp_insert_[^"]*"/.test(open.at(-1) ?? '') ? 'insert' : 'other';
}
