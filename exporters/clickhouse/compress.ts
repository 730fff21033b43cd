import { promisify } from 'node:util';
import type { Compression } from './config.ts';

/**
 * Compresses the body of an INSERT for `Content-Encoding`. Level 1 where there are levels: on
 * columns the next levels cost several times as much for a few per cent.
 */
export async function compressBody(
  body: Uint8Array,
  compression: Compression,
): Promise<Uint8Array> {
  if (compression === 'none') return body;
  if (compression === 'lz4') {
    const { compressFrame } = await import('lz4-napi');
    return compressFrame(body);
  }
  const zlib = await import('node:zlib');
  const { constants } = zlib;
  switch (compression) {
    case 'gzip':
      return promisify(zlib.gzip)(body, { level: 1 });
    case 'deflate':
      return promisify(zlib.deflate)(body, { level: 1 });
    case 'br':
      return promisify(zlib.brotliCompress)(body, {
        params: { [constants.BROTLI_PARAM_QUALITY]: 1 },
      });
    default:
      return promisify(zlib.zstdCompress)(body, {
        params: { [constants.ZSTD_c_compressionLevel]: 1 },
      });
  }
}
