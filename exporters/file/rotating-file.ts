import {
  access,
  chmod,
  type FileHandle,
  mkdir,
  open,
  readdir,
  rename,
  rm,
  stat,
} from 'node:fs/promises';
import { basename, dirname, extname, join } from 'node:path';
import type { Clock, Logger } from '../../component/settings.ts';
import { type Output, Sequence, TooLarge } from './output.ts';

const megabyte = 1024 * 1024;
const dayMs = 24 * 3600 * 1000;
const fileMode = 0o640;

interface Rotation {
  /** Size in MiB; 0 = 100. */
  readonly max_megabytes: number;
  /** 0 = age does not count. */
  readonly max_days: number;
  /** 0 = all. */
  readonly max_backups: number;
  readonly localtime: boolean;
}

/** `2006-01-02T15-04-05.000` */
function stamp(unixMs: number, local: boolean): string {
  const date = new Date(unixMs);
  const shifted = local ? unixMs - date.getTimezoneOffset() * 60_000 : unixMs;
  return new Date(shifted).toISOString().slice(0, 23).replaceAll(':', '-');
}

const stampPattern = /^(\d{4}-\d\d-\d\d)T(\d\d)-(\d\d)-(\d\d\.\d{3})$/;

/** Milliseconds since 1970 of a stamp; NaN when the text is none. */
function timeOf(text: string, local: boolean): number {
  const match = stampPattern.exec(text);
  if (match === null) return Number.NaN;
  return Date.parse(`${match[1]}T${match[2]}:${match[3]}:${match[4]}${local ? '' : 'Z'}`);
}

/**
 * A file that, when a message would make it too large, is renamed to
 * `name-2006-01-02T15-04-05.000-size.ext` and begun anew. What is there at the start is added to.
 */
export class RotatingFile implements Output {
  readonly #path: string;
  readonly #rotation: Rotation;
  readonly #mostBytes: number;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #sequence = new Sequence();
  #file: FileHandle | undefined;
  #size = 0;
  closed = false;

  constructor(path: string, rotation: Rotation, clock: Clock, logger: Logger) {
    this.#path = path;
    this.#rotation = rotation;
    this.#mostBytes = (rotation.max_megabytes === 0 ? 100 : rotation.max_megabytes) * megabyte;
    this.#clock = clock;
    this.#logger = logger;
  }

  write(parts: readonly Uint8Array[]): Promise<void> {
    return this.#sequence.run(() => this.#put(Buffer.concat(parts)));
  }

  async #put(message: Buffer): Promise<void> {
    const { length } = message;
    if (length > this.#mostBytes) {
      throw new TooLarge(`write length ${length} exceeds maximum file size ${this.#mostBytes}`);
    }
    this.#file ??= await this.#openExisting(length);
    if (this.#size + length > this.#mostBytes) await this.#rotate();
    let done = 0;
    try {
      while (done < length) done += (await this.#file.write(message, done)).bytesWritten;
    } catch (error) {
      if (done > 0) await this.#file.truncate(this.#size).catch(() => {});
      throw error;
    }
    this.#size += length;
  }

  async #openExisting(length: number): Promise<FileHandle> {
    await this.#clean();
    const info = await stat(this.#path).catch(() => undefined);
    if (info === undefined) return this.#openNew(fileMode);
    if (info.size + length >= this.#mostBytes) {
      await this.#rename();
      return this.#openNew(info.mode & 0o777);
    }
    this.#size = info.size;
    return open(this.#path, 'a');
  }

  async #openNew(mode: number): Promise<FileHandle> {
    await mkdir(dirname(this.#path), { recursive: true, mode: 0o755 });
    const file = await open(this.#path, 'a', mode);
    await chmod(this.#path, mode);
    this.#size = 0;
    return file;
  }

  async #rotate(): Promise<void> {
    const { mode } = await stat(this.#path).catch(() => ({ mode: fileMode }));
    await this.#file?.close();
    this.#file = undefined;
    await this.#rename();
    this.#file = await this.#openNew(mode & 0o777);
    await this.#clean();
  }

  /** Moves the file to a name of its own. */
  async #rename(): Promise<void> {
    const extension = extname(this.#path);
    const stem = this.#path.slice(0, this.#path.length - extension.length);
    for (let ms = this.#clock.unixMs(); ; ms += 1) {
      const name = `${stem}-${stamp(ms, this.#rotation.localtime)}-size${extension}`;
      const isTaken = await access(name).then(
        () => true,
        () => false,
      );
      if (isTaken) continue;
      await rename(this.#path, name).catch((error: NodeJS.ErrnoException) => {
        if (error.code !== 'ENOENT') throw error;
      });
      return;
    }
  }

  /** Removes old files beyond the number and age that are kept. */
  async #clean(): Promise<void> {
    const { max_backups: most, max_days: days } = this.#rotation;
    if (most === 0 && days === 0) return;
    const oldest = days === 0 ? Number.NEGATIVE_INFINITY : this.#clock.unixMs() - days * dayMs;
    try {
      const old = await this.#backups();
      const surplus = old.filter(({ time }, i) => (most > 0 && i >= most) || time < oldest);
      for (const { name } of surplus) await rm(join(dirname(this.#path), name), { force: true });
    } catch (error) {
      const fields = { path: this.#path, error: (error as Error).message };
      this.#logger.warn('cannot remove old files', fields);
    }
  }

  /** Old files, newest first. */
  async #backups(): Promise<{ name: string; time: number }[]> {
    const extension = extname(this.#path);
    const prefix = `${basename(this.#path, extension)}-`;
    const names = await readdir(dirname(this.#path)).catch(() => []);
    return names
      .filter((name) => name.startsWith(prefix) && name.endsWith(extension))
      .map((name) => {
        const middle = name.slice(prefix.length, name.length - extension.length);
        const text = middle.slice(0, middle.lastIndexOf('-'));
        return { name, time: timeOf(text, this.#rotation.localtime) };
      })
      .filter(({ time }) => !Number.isNaN(time))
      .sort((a, b) => b.time - a.time);
  }

  close(): Promise<void> {
    this.closed = true;
    return this.#sequence.run(async () => {
      await this.#file?.close();
      this.#file = undefined;
    });
  }
}
