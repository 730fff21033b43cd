import { readSync } from 'node:fs';
import { gunzipSync, constants as zlib } from 'node:zlib';

/** The first bytes of a file, which tell it from others whatever its name. */
export type Fingerprint = Buffer;

const none = Buffer.alloc(0);

/** Compressed bytes that are read for a fingerprint of what is in them. */
const compressedBytes = 65_536;

/** Whether a file begins as gzip files do (RFC 1952). */
export function isGzip(fd: number): boolean {
  const magic = Buffer.alloc(2);
  return readSync(fd, magic, 0, 2, 0) === 2 && magic[0] === 0x1f && magic[1] === 0x8b;
}

/**
 * @param size bytes that count
 * @param gzip whether what is compressed in the file counts
 * @throws Error when the file cannot be read
 */
export function fingerprintOf(fd: number, size: number, gzip: boolean): Fingerprint {
  if (gzip && isGzip(fd)) {
    const raw = Buffer.alloc(compressedBytes);
    const read = readSync(fd, raw, 0, raw.length, 0);
    try {
      const options = { finishFlush: zlib.Z_SYNC_FLUSH, maxOutputLength: 16 * 2 ** 20 };
      return Buffer.from(gunzipSync(raw.subarray(0, read), options).subarray(0, size));
    } catch {
      return none;
    }
  }
  const bytes = Buffer.alloc(size);
  return bytes.subarray(0, readSync(fd, bytes, 0, size, 0));
}

/** Whether a file that begins with `now` can be the one that began with `before`. */
export function continues(now: Fingerprint, before: Fingerprint): boolean {
  const size = before.length;
  return size > 0 && size <= now.length && before.equals(now.subarray(0, size));
}
