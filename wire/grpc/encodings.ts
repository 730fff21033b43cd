import type { Encoding } from '../compression/types.ts';

/** Encodings of grpc-encoding that are understood, beside identity. */
const grpcEncodings = ['gzip', 'deflate', 'zstd', 'snappy'] as const;

/** Names as grpc-encoding has them; their formats are what {@link formatOf} gives. */
export type GrpcEncoding = (typeof grpcEncodings)[number];

/** The grpc-accept-encoding header. */
export const acceptEncoding = ['identity', ...grpcEncodings].join(',');

/**
 * @returns the format that a grpc-encoding stands for: what gRPC implementations call snappy is the
 * framed format
 */
export function formatOf(encoding: GrpcEncoding): Encoding {
  return encoding === 'snappy' ? 'x-snappy-framed' : encoding;
}

/** Whether messages can be read and written in it; `identity` is none. */
export function isGrpcEncoding(name: string): name is GrpcEncoding {
  return (grpcEncodings as readonly string[]).includes(name);
}
