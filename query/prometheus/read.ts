import {
  MetricReadError,
  type MetricReader,
  type SeriesSamples,
} from '../../storage/metrics/model.ts';
import { ChunkedWriter, chunkedContentType } from '../../wire/prometheus/remote-read/chunked.ts';
import {
  type ReadRequest,
  ResponseType,
  readReadRequest,
} from '../../wire/prometheus/remote-read/request.ts';
import { ReadResponseWriter } from '../../wire/prometheus/remote-read/samples.ts';
import { MalformedMessage } from '../../wire/prometheus/remote-write/protobuf.ts';
import { ApiError } from './error.ts';
import { regexpFault } from './selector.ts';

/** A budget of bytes. */
export interface Memory {
  tryReserve(bytes: number): boolean;
  release(bytes: number): void;
}

export interface RemoteReadOptions {
  readonly reader: MetricReader;
  /** Samples of one request, over all its queries. */
  readonly maxSamples: number;
  /** Bytes of an answer in form SAMPLES before it is compressed. */
  readonly maxResponseBytes: number;
  /** Compresses a snappy block. */
  readonly compress: (parts: readonly Uint8Array[]) => Uint8Array | Promise<Uint8Array>;
  readonly crc32c: (bytes: Uint8Array) => number;
  /** Where the memory of answers is reserved. */
  readonly memory: Memory;
  /** Lets other work go on between pieces. */
  readonly pause: () => Promise<void>;
}

/** An answer whose length is known only where it is in one piece. */
export interface RemoteReadAnswer {
  readonly contentType: string;
  readonly contentEncoding?: string;
  readonly pieces: AsyncIterable<Uint8Array>;
  /** Gives its memory back: to be called once it is sent or given up. */
  release(): void;
}

/** What an answer has reserved. */
class Reserved {
  readonly #memory: Memory;
  #bytes = 0;

  constructor(memory: Memory) {
    this.#memory = memory;
  }

  /** @throws MetricReadError when there is no room */
  add(bytes: number): void {
    if (!this.#memory.tryReserve(bytes)) {
      throw new MetricReadError('cannot answer: no memory now, try again later', 'unavailable');
    }
    this.#bytes += bytes;
  }

  release(): void {
    this.#memory.release(this.#bytes);
    this.#bytes = 0;
  }
}

/** Samples that are written before other work has its turn. */
const samplesAtOnce = 50_000;
/** Memory of a sample, and about that of a series without its samples. */
const sampleBytes = 16;
const seriesBytes = 1024;
/** Bytes of frames that are sent together. */
const sendBytes = 256 << 10;

/**
 * Answers a remote read request. All that can fail is done before the answer begins.
 * @param body decompressed
 * @throws ApiError, MetricReadError
 */
export async function remoteRead(
  options: RemoteReadOptions,
  body: Uint8Array,
): Promise<RemoteReadAnswer> {
  const request = parsed(body);
  const form = negotiated(request.accepted);
  const reserved = new Reserved(options.memory);
  const release = (): void => reserved.release();
  try {
    const results = await selectAll(options, request, reserved);
    if (form === ResponseType.streamedXorChunks) {
      return { contentType: chunkedContentType, pieces: frames(options, results), release };
    }
    const block = await samples(options, results, reserved);
    const contentType = 'application/x-protobuf';
    return { contentType, contentEncoding: 'snappy', pieces: one(block), release };
  } catch (error) {
    release();
    throw error;
  }
}

type Results = readonly (readonly SeriesSamples[])[];

function parsed(body: Uint8Array): ReadRequest {
  try {
    return readReadRequest(body);
  } catch (error) {
    if (!(error instanceof MalformedMessage)) throw error;
    throw new ApiError('bad_data', `cannot read the request: ${error.message}`);
  }
}

function negotiated(accepted: readonly number[]): number {
  if (accepted.length === 0) return ResponseType.samples;
  const known: readonly number[] = Object.values(ResponseType);
  const form = accepted.find((type) => known.includes(type));
  if (form !== undefined) return form;
  const asked = accepted.join(', ');
  const message = `cannot answer in any of the response types ${asked}: 0 and 1 are known`;
  throw new ApiError('bad_data', message);
}

async function selectAll(
  options: RemoteReadOptions,
  { queries }: ReadRequest,
  reserved: Reserved,
): Promise<Results> {
  for (const { matchers } of queries) {
    for (const matcher of matchers) {
      const fault = regexpFault(matcher);
      if (fault !== undefined) throw new ApiError('bad_data', fault);
    }
  }
  const { reader, maxSamples } = options;
  const results: (readonly SeriesSamples[])[] = [];
  let samples = 0;
  for (const { startMs, endMs, matchers } of queries) {
    const found = startMs > endMs ? [] : await reader.select(matchers, { startMs, endMs });
    const before = samples;
    for (const { times } of found) samples += times.length;
    if (samples > maxSamples) {
      const message = `cannot answer: more than ${maxSamples} samples; ask for less at once`;
      throw new MetricReadError(message, 'too_broad');
    }
    reserved.add(sampleBytes * (samples - before) + seriesBytes * found.length);
    results.push(found);
  }
  return results;
}

async function samples(
  options: RemoteReadOptions,
  results: Results,
  reserved: Reserved,
): Promise<Uint8Array> {
  const { maxResponseBytes, pause } = options;
  const writer = new ReadResponseWriter();
  let written = 0;
  for (const all of results) {
    for (const series of all) {
      const before = writer.size;
      writer.add(series);
      // As it is written, joined and compressed.
      reserved.add(3 * (writer.size - before));
      written += series.times.length;
      if (writer.size > maxResponseBytes) {
        const message = `cannot answer: more than ${maxResponseBytes} bytes; ask for less at once`;
        throw new MetricReadError(message, 'too_broad');
      }
      if (written < samplesAtOnce) continue;
      written = 0;
      await pause();
    }
    writer.endResult();
  }
  return options.compress(writer.finish());
}

async function* frames(
  { crc32c, pause }: RemoteReadOptions,
  results: Results,
): AsyncGenerator<Uint8Array> {
  const writer = new ChunkedWriter({ crc32c });
  let parts: Uint8Array[] = [];
  let bytes = 0;
  for (const [query, all] of results.entries()) {
    for (const series of all) {
      for (const frame of writer.frames(series, query)) {
        parts.push(frame);
        bytes += frame.length;
        if (bytes < sendBytes) continue;
        yield Buffer.concat(parts);
        parts = [];
        bytes = 0;
        await pause();
      }
    }
  }
  if (bytes > 0) yield Buffer.concat(parts);
}

async function* one(piece: Uint8Array): AsyncGenerator<Uint8Array> {
  yield piece;
}
