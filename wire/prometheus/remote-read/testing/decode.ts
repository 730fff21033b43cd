/** Answers read as a client reads them, by other means than they are written: for tests. */
import { Input } from '../../remote-write/protobuf.ts';

/** A series as it was read; values as bits. */
export interface DecodedSeries {
  labels: [string, string][];
  times: number[];
  bits: bigint[];
}

class Bits {
  readonly #text: string;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#text = [...bytes].map((byte) => byte.toString(2).padStart(8, '0')).join('');
  }

  take(count: number): bigint {
    if (this.#at + count > this.#text.length) throw new Error('cut off');
    this.#at += count;
    return count === 0 ? 0n : BigInt(`0b${this.#text.slice(this.#at - count, this.#at)}`);
  }

  varint(): bigint {
    for (let value = 0n, shift = 0n; ; shift += 7n) {
      const byte = this.take(8);
      value |= (byte & 127n) << shift;
      if (byte < 128n) return value;
    }
  }
}

/** Reads a chunk of encoding XOR. */
export function decodeXor(bytes: Uint8Array): { times: number[]; bits: bigint[] } {
  const input = new Bits(bytes);
  const count = Number(input.take(16));
  const times: bigint[] = [];
  const bits: bigint[] = [];
  let [delta, leading, trailing] = [0n, 0, 0];
  for (let i = 0; i < count; i += 1) {
    if (i === 0) {
      const zigzag = input.varint();
      times.push((zigzag >> 1n) ^ -(zigzag & 1n));
      bits.push(input.take(64));
      continue;
    }
    if (i === 1) delta = input.varint();
    else delta += change(input);
    times.push(times[i - 1]! + delta);
    if (input.take(1) === 0n) {
      bits.push(bits[i - 1]!);
      continue;
    }
    if (input.take(1) === 1n) {
      leading = Number(input.take(5));
      const significant = Number(input.take(6)) || 64;
      trailing = 64 - leading - significant;
    }
    bits.push(bits[i - 1]! ^ (input.take(64 - leading - trailing) << BigInt(trailing)));
  }
  return { times: times.map(Number), bits };
}

function change(input: Bits): bigint {
  let ones = 0;
  while (ones < 4 && input.take(1) === 1n) ones += 1;
  const width = [0, 14, 17, 20, 64][ones]!;
  const value = input.take(width);
  const half = 1n << BigInt(Math.max(0, width - 1));
  return width > 0 && (value > half || (width === 64 && value === half))
    ? value - (1n << BigInt(width))
    : value;
}

/** Calls `visit` with the tag of each field; it moves the input past the value, or it is skipped. */
function fields(input: Input, end: number, visit: (tag: number) => void): void {
  const outer = input.end;
  input.end = end;
  while (input.pos < end) {
    const tag = input.varint();
    const at = input.pos;
    visit(tag);
    if (input.pos === at) input.skip(tag);
  }
  input.end = outer;
}

function text(input: Input): string {
  const end = input.inside();
  const read = input.text(input.pos, end);
  input.pos = end;
  return read;
}

function label(input: Input): [string, string] {
  const pair: [string, string] = ['', ''];
  fields(input, input.inside(), (tag) => {
    if (tag === 0x0a) pair[0] = text(input);
    if (tag === 0x12) pair[1] = text(input);
  });
  return pair;
}

function sample(input: Input, into: DecodedSeries): void {
  let [time, bits] = [0, 0n];
  fields(input, input.inside(), (tag) => {
    if (tag === 0x09) {
      input.fixed64();
      bits = (BigInt(input.hi) << 32n) | BigInt(input.lo);
    }
    if (tag === 0x10) time = input.int64();
  });
  into.times.push(time);
  into.bits.push(bits);
}

/** Reads prometheus.ReadResponse: the series of each query. */
export function decodeSamples(bytes: Uint8Array): DecodedSeries[][] {
  const input = new Input(bytes);
  const results: DecodedSeries[][] = [];
  fields(input, bytes.length, (result) => {
    if (result !== 0x0a) return;
    const all: DecodedSeries[] = [];
    fields(input, input.inside(), (tag) => {
      if (tag !== 0x0a) return;
      const series: DecodedSeries = { labels: [], times: [], bits: [] };
      fields(input, input.inside(), (field) => {
        if (field === 0x0a) series.labels.push(label(input));
        if (field === 0x12) sample(input, series);
      });
      all.push(series);
    });
    results.push(all);
  });
  return results;
}

/** Reads frames: one entry each, with the number of its query. */
export function decodeFrames(
  bytes: Uint8Array,
  crc32c: (bytes: Uint8Array) => number,
): (DecodedSeries & { query: number })[] {
  const input = new Input(bytes);
  const all: (DecodedSeries & { query: number })[] = [];
  while (input.pos < bytes.length) {
    const size = input.varint();
    const crc = Buffer.from(bytes).readUInt32BE(input.pos);
    input.pos += 4;
    const end = input.pos + size;
    if (crc32c(bytes.subarray(input.pos, end)) !== crc) throw new Error('wrong checksum');
    const frame = { query: 0, labels: [], times: [], bits: [] } as DecodedSeries & {
      query: number;
    };
    fields(input, end, (tag) => {
      if (tag === 0x10) frame.query = input.int64();
      if (tag !== 0x0a) return;
      fields(input, input.inside(), (field) => {
        if (field === 0x0a) frame.labels.push(label(input));
        if (field === 0x12) chunk(input, frame);
      });
    });
    all.push(frame);
  }
  return all;
}

function chunk(input: Input, into: DecodedSeries): void {
  let [min, max, type] = [0, 0, 0];
  let data: ReturnType<typeof decodeXor> = { times: [], bits: [] };
  fields(input, input.inside(), (tag) => {
    if (tag === 0x08) min = input.int64();
    if (tag === 0x10) max = input.int64();
    if (tag === 0x18) type = input.int64();
    if (tag === 0x22) {
      const end = input.inside();
      data = decodeXor(input.bytes.subarray(input.pos, end));
      input.pos = end;
    }
  });
  if (type !== 1 || data.times[0] !== min || data.times.at(-1) !== max) {
    throw new Error(`a chunk of type ${type} from ${min} to ${max} is not what it says`);
  }
  into.times.push(...data.times);
  into.bits.push(...data.bits);
}
