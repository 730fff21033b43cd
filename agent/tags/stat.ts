/** What `/proc/PID/stat` tells. */
export interface ProcessStat {
  /** Name that the kernel has for the process, at most 15 bytes. */
  readonly name: string;
  readonly parentPid: number;
  /** Clock ticks since the machine was started. */
  readonly startTicks: number;
  readonly zombie: boolean;
}

/** Ticks a second of all values that the kernel shows to programs. */
export const ticksPerSecond = 100;

/**
 * Reads `/proc/PID/stat`. The name stands in brackets and may hold anything, brackets and spaces
 * too, so fields are counted from the last bracket.
 */
export function parseStat(text: string): ProcessStat | undefined {
  const open = text.indexOf('(');
  const close = text.lastIndexOf(')');
  if (open === -1 || close < open) return undefined;
  const fields = text.slice(close + 2).split(' ');
  const parentPid = Number(fields[1]);
  const startTicks = Number(fields[19]);
  if (!Number.isInteger(parentPid) || !Number.isInteger(startTicks)) return undefined;
  const zombie = fields[0] === 'Z' || fields[0] === 'X';
  return { name: text.slice(open + 1, close), parentPid, startTicks, zombie };
}

/** Unix seconds at which the machine was started, out of `/proc/stat`. */
export function parseBootTime(text: string): number | undefined {
  const seconds = Number(/^btime (\d+)$/m.exec(text)?.[1]);
  return Number.isInteger(seconds) ? seconds : undefined;
}
