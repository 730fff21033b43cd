import { createReadStream } from 'node:fs';
import { createGunzip } from 'node:zlib';

/**
 * What is compressed in bytes `[from, to)` of a file; members of gzip one after the other.
 * @throws Error when the bytes are no gzip
 */
export async function* decompress(fd: number, from: number, to: number): AsyncGenerator<Buffer> {
  const source = createReadStream('', { fd, start: from, end: to - 1, autoClose: false });
  const gunzip = createGunzip();
  source.on('error', (error) => gunzip.destroy(error));
  source.pipe(gunzip);
  try {
    for await (const piece of gunzip) yield piece as Buffer;
  } finally {
    source.destroy();
    gunzip.destroy();
  }
}
