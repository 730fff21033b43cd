import {
  closeSync,
  fstatSync,
  openSync,
  readdirSync,
  readlinkSync,
  readSync,
  statSync,
} from 'node:fs';

/**
 * What is read of the machine, so that tests and containers can give another tree. Nothing throws:
 * what is not there, or not allowed, is undefined.
 */
export interface HostFiles {
  /** The first `limit` bytes of a file, from `offset` on. */
  bytes(path: string, limit: number, offset?: number): Uint8Array | undefined;
  /** Where a symbolic link leads. */
  link(path: string): string | undefined;
  /** Names in a folder; empty when it cannot be read. */
  names(path: string): readonly string[];
  /** Inode of what the path leads to. */
  inode(path: string): number | undefined;
}

/** The machine itself. */
export const hostFiles: HostFiles = {
  bytes(path, limit, offset = 0) {
    let file: number;
    try {
      file = openSync(path, 'r');
    } catch {
      return undefined;
    }
    try {
      return readUpTo(file, limit, offset);
    } catch {
      return undefined;
    } finally {
      closeSync(file);
    }
  },
  link(path) {
    try {
      return readlinkSync(path);
    } catch {
      return undefined;
    }
  },
  names(path) {
    try {
      return readdirSync(path);
    } catch {
      return [];
    }
  },
  inode(path) {
    try {
      return statSync(path).ino;
    } catch {
      return undefined;
    }
  },
};

/** Files of /proc say that they have no bytes, so memory grows with what comes. */
function readUpTo(file: number, limit: number, offset: number): Uint8Array {
  const stated = fstatSync(file).size;
  let buffer = Buffer.allocUnsafe(Math.min(limit, stated > 0 ? stated : 4096));
  let length = 0;
  for (;;) {
    const read = readSync(file, buffer, length, buffer.length - length, offset + length);
    length += read;
    if (read === 0 || length === limit) return buffer.subarray(0, length);
    if (length < buffer.length) continue;
    const larger = Buffer.allocUnsafe(Math.min(limit, buffer.length * 4));
    buffer.copy(larger, 0, 0, length);
    buffer = larger;
  }
}
