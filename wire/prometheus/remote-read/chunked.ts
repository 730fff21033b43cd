import { putVarint, varintSize, Writer } from '../../../pdata/proto/writer.ts';
import { putLabels } from './samples.ts';
import { bitsOf, type SeriesColumns } from './series.ts';
import { XorChunkWriter } from './xor.ts';

/** Samples of a chunk, as Prometheus cuts them. */
const chunkSamples = 120;
const encodingXor = 1;

/** Content type of a stream of frames. */
export const chunkedContentType =
  'application/x-streamed-protobuf; proto=prometheus.ChunkedReadResponse';

interface ChunkedOptions {
  /** CRC-32 with Castagnoli's polynomial. */
  readonly crc32c: (bytes: Uint8Array) => number;
  /** Chunks of a series go on in another frame beyond this; 1 MiB unless given. */
  readonly frameBytes?: number;
}

/**
 * Writes series as frames, each a varint length, the CRC of the message (big-endian) and
 * prometheus.ChunkedReadResponse with chunks of one series.
 */
export class ChunkedWriter {
  readonly #crc32c: ChunkedOptions['crc32c'];
  readonly #frameBytes: number;
  readonly #xor = new XorChunkWriter();
  readonly #w = new Writer(65_536);

  constructor({ crc32c, frameBytes = 1 << 20 }: ChunkedOptions) {
    this.#crc32c = crc32c;
    this.#frameBytes = frameBytes;
  }

  /** The frames of one series; none where it has no samples. */
  *frames(series: SeriesColumns, query: number): Generator<Uint8Array> {
    const { labels, times, values } = series;
    const bits = bitsOf(values);
    const w = this.#w;
    let from = 0;
    while (from < times.length) {
      w.length = 0;
      const at = w.open(1, 3);
      putLabels(w, labels);
      do {
        const to = Math.min(times.length, from + chunkSamples);
        this.#chunk(times, bits, from, to);
        from = to;
      } while (from < times.length && w.length < this.#frameBytes);
      w.close(at);
      if (query !== 0) w.uintField(2, query);
      yield this.#frame(w.take());
    }
  }

  #chunk(times: Float64Array, bits: Uint32Array, from: number, to: number): void {
    const w = this.#w;
    const at = w.open(2, 2);
    w.intField(1, times[from]!);
    w.intField(2, times[to - 1]!);
    w.uintField(3, encodingXor);
    w.bytesField(4, this.#xor.chunk(times, bits, from, to));
    w.close(at);
  }

  #frame(message: Uint8Array): Uint8Array {
    const size = varintSize(message.length);
    const frame = Buffer.allocUnsafeSlow(size + 4 + message.length);
    putVarint(frame, 0, message.length);
    frame.writeUInt32BE(this.#crc32c(message) >>> 0, size);
    frame.set(message, size + 4);
    return frame;
  }
}
