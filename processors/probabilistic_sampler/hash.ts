import { fnv1a32 } from '../../pdata/hash/fnv.ts';
import type { Randomness } from './threshold.ts';

/** Of a hash's 32 bits those that decide. */
const bucketBits = 14;
/** A hash is sampled when its bucket is below the share of these. */
export const buckets = 2 ** bucketBits;

/** State of the hash after the seed, which later bytes go on from. */
export function seededHash(seed: number): number {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, seed, true);
  return fnv1a32(bytes);
}

/**
 * Randomness from a hash of bytes [start, end), as the Go collector makes it: the buckets turned
 * round in the upper 14 bits, a mixture of the other bits of the hash, the buckets.
 */
export function hashRandomness(
  seeded: number,
  bytes: Uint8Array,
  start: number,
  end: number,
): Randomness {
  const hash = fnv1a32(bytes, start, end, seeded);
  const bucket = hash & (buckets - 1);
  const unused = hash >>> (32 - bucketBits);
  const mixed = (unused ^ (unused << 10)) >>> 0; // 28 bits where unused has 14
  // (buckets - 1 - bucket) << 42 | mixed << 14 | bucket
  const lo = ((mixed << 14) | bucket) >>> 0;
  const hi = ((buckets - 1 - bucket) << 10) | (mixed >>> 18);
  return { hi: hi >>> 0, lo };
}
