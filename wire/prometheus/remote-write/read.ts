import { Input } from './protobuf.ts';
import { readVersion1 } from './read-v1.ts';
import { readVersion2 } from './read-v2.ts';
import type { ReadRequest } from './request.ts';

/** Versions of the protocol. */
export type Version = 1 | 2;

/**
 * Reads a remote write request (decompressed). Bytes that are no message are refused whole; a
 * series, sample, histogram or exemplar that cannot be taken is left out with a fault.
 *
 * The request's columns refer to `bytes`: they stay as long as it. Memory is bounded by a small
 * multiple of their number.
 * @param seed any number that senders do not know: against texts made to collide
 * @throws MalformedMessage
 */
export function readWriteRequest(bytes: Uint8Array, version: Version, seed = 0): ReadRequest {
  const input = new Input(bytes);
  const series = countSeries(input, version === 1 ? 10 : 42);
  const read = version === 1 ? readVersion1 : readVersion2;
  const { request, faults, refused } = read(new Input(bytes), series, seed);
  return { request, faults, refused };
}

/** Series in a message, so that columns are made large enough at once. */
function countSeries(input: Input, seriesTag: number): number {
  let count = 0;
  while (input.pos < input.end) {
    const tag = input.varint();
    if (tag === seriesTag) {
      const stop = input.inside();
      if (stop > input.pos + 8) count += 1; // less holds no label
      input.pos = stop;
    } else input.skip(tag);
  }
  return count;
}
