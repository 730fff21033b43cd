import {
  close,
  fdatasync,
  fsync,
  ftruncate,
  open,
  read,
  readdir,
  rename,
  stat,
  unlink,
  writev,
} from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';

/** An open file of a log. */
export interface LogFile {
  /** Writes all ranges one after the other; after a failure any part of them may be there. */
  write(at: number, ranges: readonly Uint8Array[]): Promise<void>;
  /** Exactly `length` bytes, fewer only at the end of the file. */
  read(at: number, length: number): Promise<Buffer>;
  truncate(size: number): Promise<void>;
  sync(): Promise<void>;
  close(): Promise<void>;
}

/** The directory of a log; all that a log asks of a file system, so that tests can replace it. */
export interface LogFiles {
  list(): Promise<string[]>;
  size(name: string): Promise<number>;
  /** Opens for reading and writing; makes the file when it is not there. */
  open(name: string): Promise<LogFile>;
  remove(name: string): Promise<void>;
  rename(from: string, to: string): Promise<void>;
  /** Makes names durable. */
  syncDirectory(): Promise<void>;
}

const fs = {
  close: promisify(close),
  fdatasync: promisify(fdatasync),
  fsync: promisify(fsync),
  ftruncate: promisify(ftruncate),
  open: promisify(open),
  readdir: promisify(readdir),
  rename: promisify(rename),
  stat: promisify(stat),
  unlink: promisify(unlink),
};

/** Ranges in one system call at most: IOV_MAX of Linux. */
const rangesMax = 1024;

/** Files of a real directory, which exists. */
export function diskFiles(directory: string): LogFiles {
  const path = (name: string) => join(directory, name);
  return {
    list: () => fs.readdir(directory),
    size: async (name) => (await fs.stat(path(name))).size,
    open: async (name) => diskFile(await fs.open(path(name), 0o102, 0o600)), // O_RDWR | O_CREAT
    remove: (name) => fs.unlink(path(name)),
    rename: (from, to) => fs.rename(path(from), path(to)),
    syncDirectory: () => syncDirectory(directory),
  };
}

/** Makes the names in a directory durable against power loss. */
export async function syncDirectory(directory: string): Promise<void> {
  const fd = await fs.open(directory, 0);
  try {
    await fs.fsync(fd);
  } finally {
    await fs.close(fd);
  }
}

function diskFile(fd: number): LogFile {
  return {
    async write(at, ranges) {
      let position = at;
      let rest = ranges.filter((range) => range.length > 0);
      while (rest.length > 0) {
        const written = await writeSome(fd, rest.slice(0, rangesMax), position);
        position += written;
        rest = after(rest, written);
      }
    },
    read: (at, length) => readAll(fd, at, length),
    truncate: (size) => fs.ftruncate(fd, size),
    sync: () => fs.fdatasync(fd),
    close: () => fs.close(fd),
  };
}

function writeSome(fd: number, ranges: readonly Uint8Array[], at: number): Promise<number> {
  return new Promise((resolve, reject) => {
    writev(fd, ranges, at, (error, written) => (error ? reject(error) : resolve(written)));
  });
}

function after(ranges: readonly Uint8Array[], written: number): Uint8Array[] {
  let skip = written;
  let first = 0;
  while (first < ranges.length && skip >= ranges[first]!.length) skip -= ranges[first++]!.length;
  const rest = ranges.slice(first);
  if (skip > 0) rest[0] = rest[0]!.subarray(skip);
  return rest;
}

async function readAll(fd: number, at: number, length: number): Promise<Buffer> {
  const buffer = Buffer.allocUnsafeSlow(length);
  let done = 0;
  while (done < length) {
    const got = await new Promise<number>((resolve, reject) => {
      read(fd, buffer, done, length - done, at + done, (error, bytesRead) =>
        error ? reject(error) : resolve(bytesRead),
      );
    });
    if (got === 0) return buffer.subarray(0, done);
    done += got;
  }
  return buffer;
}
