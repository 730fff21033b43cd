function rotate(value: number, by: number): number {
  return (value << by) | (value >>> (32 - by));
}

function scramble(value: number): number {
  return Math.imul(rotate(Math.imul(value, 0xcc9e2d51), 15), 0x1b873593);
}

function read32(bytes: Uint8Array, at: number, count: number): number {
  let value = 0;
  for (let i = 0; i < count; i += 1) value |= bytes[at + i]! << (8 * i);
  return value;
}

/** MurmurHash3_x86_32 with seed 0, unsigned (https://github.com/aappleby/smhasher). */
export function murmur32(bytes: Uint8Array): number {
  let hash = 0;
  const whole = bytes.length & ~3;
  for (let at = 0; at < whole; at += 4) {
    hash = rotate(hash ^ scramble(read32(bytes, at, 4)), 13);
    hash = (Math.imul(hash, 5) + 0xe6546b64) | 0;
  }
  if (whole < bytes.length) hash ^= scramble(read32(bytes, whole, bytes.length - whole));
  hash ^= bytes.length;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

const mask = (1n << 64n) - 1n;
const c1 = 0x87c37b91114253d5n;
const c2 = 0x4cf5ad432745937fn;

function rotate64(value: bigint, by: bigint): bigint {
  return ((value << by) | (value >> (64n - by))) & mask;
}

function mix64(value: bigint): bigint {
  let mixed = value ^ (value >> 33n);
  mixed = (mixed * 0xff51afd7ed558ccdn) & mask;
  mixed ^= mixed >> 33n;
  mixed = (mixed * 0xc4ceb9fe1a85ec53n) & mask;
  return mixed ^ (mixed >> 33n);
}

function read64(bytes: Uint8Array, at: number, end: number): bigint {
  let value = 0n;
  for (let i = Math.min(at + 8, end) - 1; i >= at; i -= 1)
    value = (value << 8n) | BigInt(bytes[i]!);
  return value;
}

const scrambleLow = (k: bigint): bigint => (rotate64((k * c1) & mask, 31n) * c2) & mask;
const scrambleHigh = (k: bigint): bigint => (rotate64((k * c2) & mask, 33n) * c1) & mask;

/** MurmurHash3_x64_128 with seed 0: its two halves, unsigned. */
export function murmur128(bytes: Uint8Array): [bigint, bigint] {
  let low = 0n;
  let high = 0n;
  const whole = bytes.length & ~15;
  for (let at = 0; at < whole; at += 16) {
    low ^= scrambleLow(read64(bytes, at, at + 8));
    low = ((rotate64(low, 27n) + high) * 5n + 0x52dce729n) & mask;
    high ^= scrambleHigh(read64(bytes, at + 8, at + 16));
    high = ((rotate64(high, 31n) + low) * 5n + 0x38495ab5n) & mask;
  }
  low ^= scrambleLow(read64(bytes, whole, bytes.length));
  high ^= scrambleHigh(read64(bytes, whole + 8, bytes.length));
  const length = BigInt(bytes.length);
  low = ((low ^ length) + (high ^ length)) & mask;
  high = ((high ^ length) + low) & mask;
  low = mix64(low);
  high = mix64(high);
  low = (low + high) & mask;
  return [low, (high + low) & mask];
}
