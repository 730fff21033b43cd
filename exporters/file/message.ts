import { promisify } from 'node:util';
import zlib from 'node:zlib';
import type { Batch } from '../../pdata/batch.ts';
import { toJsonChunks } from '../../pdata/json.ts';
import type { Signal } from '../../pdata/signal.ts';
import type { Config } from './config.ts';

const zstd = promisify(zlib.zstdCompress);
const newline = Buffer.from('\n');

/** How batches are written: the bytes of one, with what tells it apart from the next. */
export type Encode = (batch: Batch<Signal>) => Promise<readonly Uint8Array[]>;

function lengthOf(parts: readonly Uint8Array[]): number {
  return parts.reduce((sum, part) => sum + part.length, 0);
}

/** Four bytes of length, big endian, before the bytes. */
function framed(parts: readonly Uint8Array[]): readonly Uint8Array[] {
  const head = Buffer.alloc(4);
  head.writeUInt32BE(lengthOf(parts));
  return [head, ...parts];
}

/** The encoding that a configuration asks for. */
export function encoder({ format, compression, compression_params: { level } }: Config): Encode {
  const plain = (batch: Batch<Signal>): readonly Uint8Array[] =>
    format === 'proto'
      ? batch.ranges()
      : [...toJsonChunks(batch)].map((chunk) => Buffer.from(chunk, 'utf8'));
  if (compression === 'zstd') {
    const key = zlib.constants.ZSTD_c_compressionLevel;
    const params = { [key]: level === 0 ? 3 : Math.min(Math.max(level, 1), 22) };
    return async (batch) => framed([await zstd(Buffer.concat(plain(batch)), { params })]);
  }
  if (format === 'proto') return async (batch) => framed(plain(batch));
  return async (batch) => [...plain(batch), newline];
}
