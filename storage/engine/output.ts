import type { ServerResponse } from 'node:http';
import { PassThrough, type Readable, Transform, type Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createDeflate, createGzip, createZstdCompress, constants as zlib } from 'node:zlib';
import { compressFrame, type Hash128Into } from '../../wire/clickhouse-compress/frame.ts';
import { codes, EngineError } from './errors.ts';
import { NativeRevision, UnknownTypeError } from './native-revision.ts';

/** How the answer to a statement is written. */
export interface OutputOptions {
  readonly format: string;
  /** compress=1: ClickHouse's compressed blocks. */
  readonly frames: boolean;
  /** Accept-Encoding, honoured with enable_http_compression=1. */
  readonly encoding: string | undefined;
  /** client_protocol_version; 0: as the engine writes it. */
  readonly revision: number;
  readonly hashInto: Hash128Into;
}

const types: Readonly<Record<string, string>> = {
  JSON: 'application/json; charset=UTF-8',
  JSONCompact: 'application/json; charset=UTF-8',
  JSONStrings: 'application/json; charset=UTF-8',
  JSONEachRow: 'application/x-ndjson; charset=UTF-8',
  JSONCompactEachRow: 'application/x-ndjson; charset=UTF-8',
  CSV: 'text/csv; charset=UTF-8; header=absent',
  CSVWithNames: 'text/csv; charset=UTF-8; header=present',
  TabSeparated: 'text/tab-separated-values; charset=UTF-8',
  TSV: 'text/tab-separated-values; charset=UTF-8',
  TabSeparatedWithNames: 'text/tab-separated-values; charset=UTF-8',
  TabSeparatedWithNamesAndTypes: 'text/tab-separated-values; charset=UTF-8',
  XML: 'application/xml; charset=UTF-8',
  Native: 'application/octet-stream',
  RowBinary: 'application/octet-stream',
  RowBinaryWithNamesAndTypes: 'application/octet-stream',
  Arrow: 'application/octet-stream',
  ArrowStream: 'application/octet-stream',
  Parquet: 'application/octet-stream',
};

/** The Content-Type that ClickHouse gives for a format; plain text for those it does not name. */
function contentType(format: string): string {
  return types[format] ?? 'text/plain; charset=UTF-8';
}

/** The encoding to answer in: the first of zstd, gzip, deflate that the client takes. */
export function chooseEncoding(accepted: string): string | undefined {
  const offered = accepted
    .toLowerCase()
    .split(',')
    .map((part) => part.trim().split(';')[0]!.trim());
  return ['zstd', 'gzip', 'deflate'].find((name) => offered.includes(name));
}

function encoder(encoding: string): Transform {
  if (encoding === 'zstd') return createZstdCompress();
  if (encoding === 'gzip') return createGzip({ level: zlib.Z_BEST_SPEED });
  return createDeflate({ level: zlib.Z_BEST_SPEED });
}

function revisions(revision: number): Transform {
  const rewrite = new NativeRevision(revision);
  const guarded = (make: () => Uint8Array[], stream: Transform, done: (error?: Error) => void) => {
    try {
      for (const piece of make()) stream.push(piece);
      done();
    } catch (error) {
      done(nativeFault(error, revision));
    }
  };
  return new Transform({
    transform(chunk: Uint8Array, _encoding, done) {
      guarded(() => rewrite.push(chunk), this, done);
    },
    flush(done) {
      guarded(() => rewrite.end(), this, done);
    },
  });
}

function nativeFault(error: unknown, revision: number): Error {
  if (!(error instanceof UnknownTypeError)) return error as Error;
  return new EngineError(
    codes.notImplemented,
    `Cannot answer in Native at revision ${revision}: ${error.message}`,
  );
}

/** Blocks of up to 1 MiB, ClickHouse's own size. */
function framer(hashInto: Hash128Into): Transform {
  let held: Uint8Array[] = [];
  let size = 0;
  const take = () => {
    const data = held.length === 1 ? held[0]! : Buffer.concat(held);
    held = [];
    size = 0;
    return compressFrame(data, hashInto);
  };
  return new Transform({
    transform(chunk: Uint8Array, _encoding, done) {
      held.push(chunk);
      size += chunk.length;
      if (size >= 1 << 20) this.push(take());
      done();
    },
    flush(done) {
      if (size > 0) this.push(take());
      done();
    },
  });
}

/** The steps between the engine's bytes and `response`, in order. */
export function outputSteps(options: OutputOptions): Transform[] {
  const steps: Transform[] = [];
  if (options.format === 'Native' && options.revision > 0) steps.push(revisions(options.revision));
  if (options.frames) steps.push(framer(options.hashInto));
  if (options.encoding !== undefined) steps.push(encoder(options.encoding));
  return steps;
}

/** Sets the headers of a successful answer. */
export function setHeaders(response: ServerResponse & Writable, options: OutputOptions): void {
  response.setHeader('Content-Type', contentType(options.format));
  response.setHeader('X-ClickHouse-Format', options.format);
  if (options.encoding !== undefined) response.setHeader('Content-Encoding', options.encoding);
}

interface Patience {
  /** The longest time that the client may take nothing, ms. */
  readonly stallMs: number;
  /** Resolves when the statement was cancelled: a client that takes nothing is not waited for. */
  readonly cancelled?: Promise<unknown>;
  /** Calls `run` after `ms` unless it is cancelled; setTimeout unless given. */
  readonly after?: After;
}

type After = (ms: number, run: () => void) => { cancel(): void };

const timer: After = (ms, run) => {
  const timeout = setTimeout(run, ms);
  return { cancel: () => clearTimeout(timeout) };
};

/**
 * Sends what comes out of the last of `streams`. Rejects with the first fault of any of them and
 * leaves the response to the caller then, so that it can still tell; when the client goes away,
 * the streams are destroyed. A client that takes nothing for `stallMs` is cut off (code 209).
 */
export async function sendAll(
  streams: readonly (Readable | Transform)[],
  response: ServerResponse,
  patience: Patience,
): Promise<void> {
  const tail = new PassThrough();
  const gone = () => void tail.destroy(new Error('the client went away'));
  let cancelled = false;
  let stop = () => {};
  patience.cancelled?.then(() => {
    cancelled = true;
    stop();
  });
  const flow = pipeline([...streams, tail]);
  flow.catch(() => {});
  response.once('close', gone);
  try {
    for await (const chunk of tail) {
      if (response.write(chunk)) continue;
      await drained(response, patience, (cancel) => {
        stop = cancel;
        if (cancelled) cancel();
      });
    }
    await flow;
    response.end();
  } finally {
    response.off('close', gone);
  }
}

/** @param cancellable receives what ends the wait as cancelled */
function drained(
  response: ServerResponse,
  { stallMs, after = timer }: Patience,
  cancellable: (cancel: () => void) => void,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const done = (error?: EngineError) => {
      response.off('drain', settle);
      response.off('close', settle);
      stall.cancel();
      if (error === undefined) resolve();
      else reject(error);
    };
    const settle = () => done();
    const stall = after(stallMs, () => {
      response.destroy();
      done(
        new EngineError(
          codes.socketTimeout,
          `Timeout exceeded while writing to socket: nothing was taken for ${stallMs} ms`,
        ),
      );
    });
    cancellable(() => done(new EngineError(codes.cancelled, 'Query was cancelled')));
    response.once('drain', settle);
    response.once('close', settle);
    if (response.destroyed) done();
  });
}
