import { read as readCallback } from 'node:fs';
import { Readable } from 'node:stream';
import { promisify } from 'node:util';
import { createGunzip } from 'node:zlib';

const read = promisify(readCallback);
const pieceBytes = 65_536;

async function* pieces(fd: number, from: number, to: number): AsyncGenerator<Buffer> {
  for (let at = from; at < to; ) {
    const piece = Buffer.allocUnsafe(Math.min(pieceBytes, to - at));
    const { bytesRead } = await read(fd, piece, 0, piece.length, at);
    if (bytesRead === 0) return;
    at += bytesRead;
    yield piece.subarray(0, bytesRead);
  }
}

/**
 * What is compressed in bytes `[from, to)` of a file; members of gzip one after the other.
 * @throws Error when the bytes are no gzip
 */
export async function* decompress(fd: number, from: number, to: number): AsyncGenerator<Buffer> {
  const source = Readable.from(pieces(fd, from, to));
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
