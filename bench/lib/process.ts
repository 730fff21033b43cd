import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { stopProcess } from '../../testing/process.ts';

const ticksPerSecond = 100;

/** A child whose stdout is read line by line. */
export interface Child {
  readonly process: ChildProcess;
  readonly pid: number;
  /** The next line of stdout that matches. */
  line(pattern: RegExp): Promise<string>;
  /** Sends SIGTERM, after five seconds SIGKILL; resolves at exit. */
  stop(): Promise<void>;
}

/** Starts a program, bound to `core` where that is given. */
export function start(
  command: string,
  args: readonly string[],
  options: { core?: number; env?: NodeJS.ProcessEnv; log?: boolean } = {},
): Child {
  const pinned = options.core === undefined ? [] : ['taskset', '-c', String(options.core)];
  const [file = command, ...rest] = [...pinned, command, ...args];
  const child = spawn(file, rest, {
    stdio: ['ignore', 'pipe', options.log === true ? 'inherit' : 'ignore'],
    env: { ...process.env, ...options.env },
  });
  const waiting: { pattern: RegExp; resolve: (line: string) => void }[] = [];
  createInterface({ input: child.stdout as NodeJS.ReadableStream }).on('line', (line) => {
    const index = waiting.findIndex((w) => w.pattern.test(line));
    if (index >= 0) waiting.splice(index, 1)[0]?.resolve(line);
  });
  return {
    process: child,
    pid: child.pid ?? 0,
    line: (pattern) =>
      new Promise((resolve, reject) => {
        waiting.push({ pattern, resolve });
        child.once('exit', (code) => reject(new Error(`${command} ended with ${code}`)));
      }),
    stop: () => stopProcess(child, 5000),
  };
}

/** User and system CPU seconds that a process has used (/proc/PID/stat). */
export function cpuSeconds(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond;
}

/** Peak resident set in MB (VmHWM of /proc/PID/status). */
export function peakRssMb(pid: number): number {
  const line = /VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
  return Number(line?.[1] ?? 0) / 1024;
}

export const sleep = (ms: number): Promise<void> => new Promise((r) => setTimeout(r, ms));
