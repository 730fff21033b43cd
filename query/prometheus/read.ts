import {
  MetricReadError,
  type MetricReader,
  type SeriesHistograms,
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

/** What remote read is made of, and its limits. */
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

/** Bytes that are written before other work has its turn. */
const bytesAtOnce = 1 << 20;
/** Memory of a sample, and about that of a series without its samples. */
const sampleBytes = 16;
const seriesBytes = 1024;
/** About that of a histogram. */
const histogramBytes = 2048;
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
    if (form === ResponseType.streamedXorChunks && !needsSamples(request, results)) {
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

/** What was found for a query. */
interface Found {
  readonly samples: readonly SeriesSamples[];
  readonly histograms: readonly SeriesHistograms[];
}

type Results = readonly Found[];

/** Chunks of histograms are not written: they are sent as samples where the client takes them. */
function needsSamples({ accepted }: ReadRequest, results: Results): boolean {
  const isKnown = accepted.includes(ResponseType.samples);
  return isKnown && results.some(({ histograms }) => histograms.length > 0);
}

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
  const results: Found[] = [];
  let samples = 0;
  for (const { startMs, endMs, matchers } of queries) {
    const range = { startMs, endMs };
    const isEmpty = startMs > endMs;
    const numbers = isEmpty ? [] : await reader.select(matchers, range);
    const histograms = isEmpty ? [] : await reader.selectHistograms(matchers, range);
    let [points, histogramPoints] = [0, 0];
    for (const { times } of numbers) points += times.length;
    for (const one of histograms) histogramPoints += one.points.length;
    samples += points + histogramPoints;
    if (samples > maxSamples) {
      const message = `cannot answer: more than ${maxSamples} samples; ask for less at once`;
      throw new MetricReadError(message, 'too_broad');
    }
    const series = numbers.length + histograms.length;
    reserved.add(sampleBytes * points + histogramBytes * histogramPoints + seriesBytes * series);
    results.push({ samples: numbers, histograms });
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
  for (const { samples, histograms } of results) {
    for (const series of [...samples, ...histograms]) {
      const before = writer.size;
      if ('points' in series) writer.addHistograms(series);
      else writer.add(series);
      // As it is written, joined and compressed.
      reserved.add(3 * (writer.size - before));
      written += writer.size - before;
      if (writer.size > maxResponseBytes) {
        const message = `cannot answer: more than ${maxResponseBytes} bytes; ask for less at once`;
        throw new MetricReadError(message, 'too_broad');
      }
      if (written < bytesAtOnce) continue;
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
  for (const [query, { samples }] of results.entries()) {
    for (const series of samples) {
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
