import { createWriteStream } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { Readable, Transform, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip, createInflate, createZstdDecompress } from 'node:zlib';
import { FrameError, FrameReader, type Hash128Into } from '../../wire/clickhouse-compress/frame.ts';
import { codes, EngineError } from './errors.ts';

/** How the body of a request is decoded. */
export interface BodyOptions {
  /** Most bytes after decompression. */
  readonly limit: number;
  /** decompress=1: ClickHouse's compressed blocks. */
  readonly frames: boolean;
  readonly hashInto: Hash128Into;
}

/** Most bytes of one compressed block, as sent and decompressed. */
const frameLimit = 256 << 20;

function decoder(encoding: string): Transform | undefined {
  switch (encoding) {
    case '':
    case 'identity':
      return undefined;
    case 'gzip':
    case 'x-gzip':
      return createGunzip();
    case 'deflate':
      return createInflate();
    case 'zstd':
      return createZstdDecompress();
    default:
      throw new EngineError(
        codes.notImplemented,
        `Unknown content encoding "${encoding}": gzip, deflate and zstd are known`,
      );
  }
}

function frameDecoder(hashInto: Hash128Into, limit: number): Transform {
  const frames = new FrameReader(hashInto, Math.min(limit, frameLimit));
  return new Transform({
    transform(chunk: Uint8Array, _encoding, done) {
      try {
        for (const data of frames.push(chunk)) this.push(data);
        done();
      } catch (error) {
        done(error as Error);
      }
    },
    flush(done) {
      try {
        frames.end();
        done();
      } catch (error) {
        done(error as Error);
      }
    },
  });
}

function bounded(limit: number): Transform {
  let seen = 0;
  return new Transform({
    transform(chunk: Uint8Array, _encoding, done) {
      seen += chunk.length;
      if (seen > limit) {
        done(new EngineError(codes.tooBigBody, `The body is larger than ${limit} bytes`));
      } else done(null, chunk);
    },
  });
}

function steps(request: IncomingMessage, options: BodyOptions): Transform[] {
  const encoding = String(request.headers['content-encoding'] ?? '').toLowerCase();
  const all = [decoder(encoding)];
  if (options.frames) all.push(frameDecoder(options.hashInto, options.limit));
  all.push(bounded(options.limit));
  return all.filter((step) => step !== undefined);
}

function bodyFault(error: unknown): EngineError {
  if (error instanceof EngineError) return error;
  const message = (error as Error).message;
  if (
    error instanceof FrameError ||
    /^(Z_|ERR_|ZSTD)/.test((error as { code?: string }).code ?? '')
  ) {
    return new EngineError(codes.cannotDecompress, `Cannot decompress the body: ${message}`, error);
  }
  return (
    spoolFault(error) ??
    new EngineError(codes.badArguments, `Cannot read the body: ${message}`, error)
  );
}

/** The fault of a file of this engine's own: no fault of the body, and another attempt may succeed. */
function spoolFault(error: unknown): EngineError | undefined {
  const { syscall, code, message } = error as NodeJS.ErrnoException;
  if (syscall !== 'write' && syscall !== 'open' && syscall !== 'close') return undefined;
  // A connection writes too, but a body is only read from it.
  const full = code === 'ENOSPC' || code === 'EDQUOT';
  return new EngineError(
    full ? codes.noSpace : codes.cannotWrite,
    `Cannot keep the body in a file: ${message}`,
    error,
  );
}

/** The whole body in memory. Rejects with EngineError. */
export async function readBody(request: IncomingMessage, options: BodyOptions): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  const collect = new Writable({
    write(chunk: Uint8Array, _encoding, done) {
      chunks.push(chunk);
      done();
    },
  });
  try {
    await pipeline([request, ...steps(request, options), collect]);
  } catch (error) {
    throw bodyFault(error);
  }
  return Buffer.concat(chunks);
}

/**
 * Writes `before` and the body to a new file of mode 0600. The file is complete when this
 * resolves: a client that breaks off stores nothing. Rejects with EngineError.
 * @returns bytes of the file
 */
export async function spoolBody(
  request: IncomingMessage,
  file: string,
  before: Uint8Array,
  options: BodyOptions,
): Promise<number> {
  const target = createWriteStream(file, { flags: 'wx', mode: 0o600, highWaterMark: 1 << 20 });
  await spoolInto(target, before, [request, ...steps(request, options)]);
  return target.bytesWritten;
}

/** Writes data that is already in memory, as spoolBody does. */
export async function spoolBytes(data: Uint8Array, file: string): Promise<number> {
  const target = createWriteStream(file, { flags: 'wx', mode: 0o600 });
  await spoolInto(target, data, [Readable.from([])]);
  return target.bytesWritten;
}

/**
 * Writes `before` and what comes out of the last of `streams`. Rejects with EngineError: 243 when
 * the disk is full, 75 when the file cannot be written otherwise.
 */
export async function spoolInto(
  target: Writable,
  before: Uint8Array,
  streams: readonly (Readable | Transform)[],
): Promise<void> {
  try {
    if (before.length > 0) target.write(before);
    await pipeline([...streams, target]);
  } catch (error) {
    throw bodyFault(error);
  }
}
