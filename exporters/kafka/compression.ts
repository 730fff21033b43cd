import { constants, gzipSync, zstdCompressSync } from 'node:zlib';
import type { CompressionAlgorithmValue, compressionsAlgorithms } from '@platformatic/kafka';
import type { KafkaExporterConfig } from './config.ts';

type Codecs = typeof compressionsAlgorithms;
type Data = Parameters<Codecs['gzip']['compressSync']>[0];

const bytesOf = (data: Data): Buffer => (Buffer.isBuffer(data) ? data : data.buffer);

/**
 * The client's name for a codec at a level. The client has codecs at their usual level only, so one
 * at another level is added to its table, under a name of its own.
 */
export function codecName(
  { compression, compression_params: params }: KafkaExporterConfig['producer'],
  table: Codecs,
): CompressionAlgorithmValue {
  const { level } = params;
  const usual = level === 0 || level === -1;
  if (usual || (compression !== 'gzip' && compression !== 'zstd')) {
    return compression as CompressionAlgorithmValue;
  }
  const compressSync =
    compression === 'gzip'
      ? (data: Data) => gzipSync(bytesOf(data), { level: gzipLevel(level) })
      : (data: Data) => zstdCompressSync(bytesOf(data), zstdOptions(level));
  const name = `${compression}-${level}`;
  const { decompressSync, bitmask } = table[compression];
  Object.assign(table, { [name]: { compressSync, decompressSync, bitmask, available: true } });
  return name as CompressionAlgorithmValue;
}

/** -2 is Huffman codes only in Go, which zlib's fastest level comes next to. */
const gzipLevel = (level: number): number => (level < 0 ? 1 : level);

const zstdOptions = (level: number) => ({
  params: { [constants.ZSTD_c_compressionLevel]: Math.max(1, Math.min(22, level)) },
});
