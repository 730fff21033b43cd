import { type FileHandle, open, readdir, readlink } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Clock, Logger, Timer } from '../../component/settings.ts';
import { type Output, Sequence } from './output.ts';

/** Bytes that are collected before they are written. */
const bufferBytes = 4096;

/** Whether this process has a file open: then somebody here writes to it. */
async function isOpenHere(path: string): Promise<boolean> {
  const wanted = resolve(path);
  const names = await readdir('/proc/self/fd').catch(() => []);
  for (const name of names) {
    const target = await readlink(`/proc/self/fd/${name}`).catch(() => '');
    if (target === wanted) return true;
  }
  return false;
}

/**
 * Opens a file for adding to it.
 * @param append false: what is in it goes, unless this process is writing to it
 */
async function openFile(path: string, append: boolean): Promise<FileHandle> {
  const keeps = append || (await isOpenHere(path));
  const file = await open(path, 'a', 0o644);
  if (!keeps) await file.truncate(0);
  return file;
}

/** A file that small messages are collected for. */
export class PlainFile implements Output {
  readonly #file: FileHandle;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #flushMs: number;
  readonly #sequence = new Sequence();
  #waiting: Uint8Array[] = [];
  #waitingBytes = 0;
  /** For each message of which something waits. */
  #lost: (() => void)[] = [];
  #timer: Timer | undefined;
  #closed: Promise<void> | undefined;

  private constructor(file: FileHandle, clock: Clock, logger: Logger, flushMs: number) {
    this.#file = file;
    this.#clock = clock;
    this.#logger = logger;
    this.#flushMs = flushMs;
  }

  /** @throws Error of the file system */
  static async open(
    path: string,
    append: boolean,
    { clock, logger, flushMs }: { clock: Clock; logger: Logger; flushMs: number },
  ): Promise<PlainFile> {
    return new PlainFile(await openFile(path, append), clock, logger, flushMs);
  }

  get closed(): boolean {
    return this.#closed !== undefined;
  }

  write(parts: readonly Uint8Array[], lost: () => void): Promise<void> {
    return this.#sequence.run(() => this.#add(parts, lost));
  }

  async #add(parts: readonly Uint8Array[], lost: () => void): Promise<void> {
    const bytes = parts.reduce((sum, part) => sum + part.length, 0);
    if (this.#waitingBytes + bytes <= bufferBytes) {
      this.#waiting.push(Buffer.concat(parts));
      this.#waitingBytes += bytes;
      this.#lost.push(lost);
      this.#timer ??= this.#clock.after(this.#flushMs, () => this.#flushLater());
      return;
    }
    await this.#flush();
    const left = await this.#put(parts);
    if (left.length === 0) return;
    this.#keep(left);
    this.#lost.push(lost);
  }

  #flushLater(): void {
    this.#timer = undefined;
    this.#sequence
      .run(() => this.#flush())
      .catch((error: Error) => {
        this.#logger.error('cannot write to file: it is tried again', { error: error.message });
        this.#timer ??= this.#clock.after(this.#flushMs, () => this.#flushLater());
      });
  }

  /** Writes what waits. @throws when a part of it could not be written: it goes on waiting */
  async #flush(): Promise<void> {
    if (this.#waitingBytes === 0) return;
    const parts = this.#waiting;
    this.#waiting = [];
    this.#waitingBytes = 0;
    let left: Uint8Array[];
    try {
      left = await this.#put(parts);
    } catch (error) {
      this.#keep(parts);
      throw error;
    }
    if (left.length === 0) {
      this.#lost = [];
      return;
    }
    this.#keep(left);
    throw new Error('cannot write to file: only a part of what waits was written');
  }

  #keep(parts: readonly Uint8Array[]): void {
    for (const part of parts) {
      this.#waiting.push(Buffer.from(part));
      this.#waitingBytes += part.length;
    }
    this.#timer ??= this.#clock.after(this.#flushMs, () => this.#flushLater());
  }

  /** Writes parts. @returns what could not be written; @throws when that is all of it */
  async #put(parts: readonly Uint8Array[]): Promise<Uint8Array[]> {
    let left = parts.filter((part) => part.length > 0);
    let any = false;
    while (left.length > 0) {
      let written: number;
      try {
        written = (await this.#file.writev(left)).bytesWritten;
      } catch (error) {
        if (any) return left;
        throw error;
      }
      any ||= written > 0;
      left = after(left, written);
    }
    return left;
  }

  close(): Promise<void> {
    this.#closed ??= this.#sequence.run(async () => {
      this.#timer?.cancel();
      try {
        await this.#flush();
      } finally {
        this.#timer?.cancel();
        for (const lost of this.#lost.splice(0)) lost();
        await this.#file.close();
      }
    });
    return this.#closed;
  }
}

/** Parts without their first `count` bytes. */
function after(parts: readonly Uint8Array[], count: number): Uint8Array[] {
  let skip = count;
  const left: Uint8Array[] = [];
  for (const part of parts) {
    if (skip < part.length) left.push(part.subarray(skip));
    skip = Math.max(0, skip - part.length);
  }
  return left;
}
