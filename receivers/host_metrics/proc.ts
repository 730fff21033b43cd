import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';

/** Ticks of /proc in a second: fixed by the kernel's interface to programs. */
export const ticksPerSecond = 100;

/** Files below /proc and /sys of the host, which may be mounted elsewhere. */
export class HostFiles {
  readonly #root: string;
  /** @param root where the root of the host is; '' = here */
  constructor(root: string) {
    this.#root = root;
  }

  path(path: string): string {
    return this.#root === '' ? path : join(this.#root, path);
  }

  /** @throws Error when it cannot be read */
  text(path: string): string {
    return readFileSync(this.path(path), 'utf8');
  }

  /** Lines without the empty ones. @throws Error */
  lines(path: string): string[] {
    return this.text(path)
      .split('\n')
      .filter((line) => line !== '');
  }

  list(path: string): string[] {
    return readdirSync(this.path(path));
  }

  link(path: string): string {
    return readlinkSync(this.path(path));
  }

  /** `name: value` and `name value` lines as numbers; the unit is left out. @throws Error */
  numbers(path: string): Map<string, number> {
    const found = new Map<string, number>();
    for (const line of this.lines(path)) {
      const match = /^([^\s:]+):?\s+(\d+)/.exec(line);
      if (match !== null) found.set(match[1]!, Number(match[2]));
    }
    return found;
  }

  /** Nanoseconds since 1970 at which the host started. @throws Error */
  bootTime(): bigint {
    const seconds = /^btime (\d+)/m.exec(this.text('/proc/stat'))?.[1];
    if (seconds === undefined) throw new Error('cannot find btime in /proc/stat');
    return BigInt(seconds) * 1_000_000_000n;
  }
}
