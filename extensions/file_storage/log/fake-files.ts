import type { LogFile, LogFiles } from './files.ts';

interface FakeFile {
  bytes: Buffer;
  /** What a sync has made safe. */
  synced: Buffer;
  /** Writes since then. */
  pending: { at: number; bytes: Buffer }[];
}

/**
 * A file system in memory that can run full and can crash: for tests of the log. Names are durable
 * at once, as on a journalling file system.
 */
export class FakeFiles implements LogFiles {
  readonly files = new Map<string, FakeFile>();
  /** Names of files that the disk does not give back. */
  readonly unreadable = new Set<string>();
  /** Bytes that fit. */
  capacity = Number.POSITIVE_INFINITY;
  /** Operations until the crash; then no operation ends any more. */
  operationsLeft = Number.POSITIVE_INFINITY;
  /** Part of the interrupted write that reaches the file. */
  tornFraction = 0;
  crashed = false;
  #stop: () => void = () => {};
  /** Resolves at the crash. */
  readonly stopped = new Promise<void>((resolve) => {
    this.#stop = resolve;
  });

  get used(): number {
    let sum = 0;
    for (const { bytes } of this.files.values()) sum += bytes.length;
    return sum;
  }

  /**
   * What is found after the crash.
   * @param keeps decides for each write that was not synced whether it reached the disk (power
   *   loss); without it all did (the process alone died)
   */
  afterCrash(keeps?: () => boolean): FakeFiles {
    const found = new FakeFiles();
    for (const [name, file] of this.files) {
      let bytes: Buffer = Buffer.from(file.bytes);
      if (keeps !== undefined) {
        bytes = Buffer.from(file.synced);
        for (const write of file.pending) {
          if (keeps()) bytes = overwritten(bytes, write.at, write.bytes);
        }
      }
      found.files.set(name, { bytes, synced: Buffer.from(bytes), pending: [] });
    }
    return found;
  }

  async list(): Promise<string[]> {
    await this.#operation();
    return [...this.files.keys()];
  }

  async size(name: string): Promise<number> {
    await this.#operation();
    return this.#file(name).bytes.length;
  }

  async open(name: string): Promise<LogFile> {
    await this.#operation();
    if (!this.files.has(name)) {
      this.files.set(name, { bytes: Buffer.alloc(0), synced: Buffer.alloc(0), pending: [] });
    }
    const file = this.#file(name);
    return {
      write: (at, ranges) => this.#write(file, at, Buffer.concat(ranges)),
      read: async (at, length) => {
        await this.#operation();
        if (this.unreadable.has(name)) {
          throw Object.assign(new Error('input/output error'), { code: 'EIO' });
        }
        return Buffer.from(file.bytes.subarray(at, at + length));
      },
      truncate: async (size) => {
        await this.#operation();
        file.bytes = Buffer.from(file.bytes.subarray(0, size));
        file.synced = Buffer.from(file.synced.subarray(0, size));
        file.pending = file.pending
          .filter(({ at }) => at < size)
          .map(({ at, bytes }) => ({ at, bytes: bytes.subarray(0, size - at) }));
      },
      sync: async () => {
        await this.#operation();
        file.synced = Buffer.from(file.bytes);
        file.pending = [];
      },
      close: () => this.#operation(),
    };
  }

  async remove(name: string): Promise<void> {
    await this.#operation();
    if (!this.files.delete(name)) throw Object.assign(new Error(`no ${name}`), { code: 'ENOENT' });
  }

  async rename(from: string, to: string): Promise<void> {
    await this.#operation();
    const file = this.#file(from);
    this.files.delete(from);
    this.files.set(to, file);
  }

  async syncDirectory(): Promise<void> {
    await this.#operation();
  }

  async #write(file: FakeFile, at: number, bytes: Buffer): Promise<void> {
    if (this.operationsLeft <= 1 && !this.crashed) {
      const torn = bytes.subarray(0, Math.floor(bytes.length * this.tornFraction));
      this.#put(file, at, torn);
    }
    await this.#operation();
    const growth = Math.max(0, at + bytes.length - file.bytes.length);
    const room = this.capacity - this.used;
    if (growth > room) {
      this.#put(
        file,
        at,
        bytes.subarray(0, Math.max(0, bytes.length - growth + Math.max(0, room))),
      );
      throw Object.assign(new Error('no space left on device'), { code: 'ENOSPC' });
    }
    this.#put(file, at, bytes);
  }

  #put(file: FakeFile, at: number, bytes: Buffer): void {
    if (bytes.length === 0) return;
    file.bytes = overwritten(file.bytes, at, bytes);
    file.pending.push({ at, bytes: Buffer.from(bytes) });
  }

  #file(name: string): FakeFile {
    const file = this.files.get(name);
    if (file === undefined) throw Object.assign(new Error(`no ${name}`), { code: 'ENOENT' });
    return file;
  }

  async #operation(): Promise<void> {
    if (--this.operationsLeft <= 0) {
      this.crashed = true;
      this.#stop();
    }
    if (this.crashed) await new Promise(() => {});
    await Promise.resolve();
  }
}

function overwritten(bytes: Buffer, at: number, by: Buffer): Buffer {
  const result = Buffer.alloc(Math.max(bytes.length, at + by.length));
  bytes.copy(result);
  by.copy(result, at);
  return result;
}
