import { createGunzip } from 'node:zlib';

/** The answer has more bytes than are taken. */
export class TooLong extends Error {}

/**
 * Decompresses gzip.
 * @param maxBytes the least number that is too many
 * @param reserve told of memory before it is held; throws where there is none
 */
export async function inflate(
  data: Buffer,
  maxBytes: number,
  reserve: (bytes: number) => void,
): Promise<Buffer> {
  const stream = createGunzip();
  stream.end(data);
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes >= maxBytes) throw new TooLong('body size limit exceeded');
    reserve(chunk.length);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, bytes);
}
