/*
 * XXH3 of 64 and 128 bits with the default secret and seed 0
 * (https://github.com/Cyan4973/xxHash/blob/dev/doc/xxhash_spec.md).
 */

const mask = (1n << 64n) - 1n;
const prime32 = [0x9e3779b1n, 0x85ebca77n, 0xc2b2ae3dn] as const;
const p1 = 0x9e3779b185ebca87n;
const p2 = 0xc2b2ae3d27d4eb4fn;
const p3 = 0x165667b19e3779f9n;
const p4 = 0x85ebca77c2b2ae63n;
const p5 = 0x27d4eb2f165667c5n;
const mix1 = 0x165667919e3779f9n;
const mix2 = 0x9fb21c651e98df25n;

const secret = Buffer.from(
  'b8fe6c3923a44bbe7c01812cf721ad1cded46de9839097db7240a4a4b7b3671f' +
    'cb79e64eccc0e578825ad07dccff7221b8084674f743248ee03590e6813a264c' +
    '3c2852bb91c300cb88d0658b1b532ea371644897a20df94e3819ef46a9deacd8' +
    'a8fa763fe39c343ff9dcbbc7c70b4f1d8a51e04bcdb45931c89f7ec9d9787364' +
    'eac5ac8334d3ebc3c581a0fffa1363eb170ddd51b7f0da49d316552629d4689e' +
    '2b16be587d47a1fc8ff8b8d17ad031ce45cb3a8f95160428afd7fbcabb4b407e',
  'hex',
);

interface Pair {
  low: bigint;
  high: bigint;
}

const key64 = (at: number): bigint => secret.readBigUInt64LE(at);
const key32 = (at: number): bigint => BigInt(secret.readUInt32LE(at));
const flip = (at: number): bigint => key64(at) ^ key64(at + 8);
const rotate = (value: bigint, by: bigint): bigint =>
  ((value << by) | (value >> (64n - by))) & mask;

function swap64(value: bigint): bigint {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(value);
  return bytes.readBigUInt64BE();
}

function multiply(a: bigint, b: bigint): Pair {
  const product = a * b;
  return { low: product & mask, high: product >> 64n };
}

function fold(a: bigint, b: bigint): bigint {
  const { low, high } = multiply(a, b);
  return low ^ high;
}

function avalanche(value: bigint): bigint {
  const hash = ((value ^ (value >> 37n)) * mix1) & mask;
  return hash ^ (hash >> 32n);
}

function avalanche64(value: bigint): bigint {
  let hash = ((value ^ (value >> 33n)) * p2) & mask;
  hash = ((hash ^ (hash >> 29n)) * p3) & mask;
  return hash ^ (hash >> 32n);
}

function mix16(input: Buffer, at: number, key: number): bigint {
  return fold(
    input.readBigUInt64LE(at) ^ key64(key),
    input.readBigUInt64LE(at + 8) ^ key64(key + 8),
  );
}

function combined(input: Buffer): number {
  const { length } = input;
  const middle = input[length >> 1]!;
  return ((input[0]! << 16) | (middle << 24) | input[length - 1]! | (length << 8)) >>> 0;
}

function short64(input: Buffer): bigint {
  const { length } = input;
  const size = BigInt(length);
  if (length === 0) return avalanche64(flip(56));
  if (length < 4) return avalanche64(BigInt(combined(input)) ^ key32(0) ^ key32(4));
  if (length <= 8) {
    const first = BigInt(input.readUInt32LE(0));
    const last = BigInt(input.readUInt32LE(length - 4));
    let hash = (last + (first << 32n)) ^ flip(8);
    hash = ((hash ^ rotate(hash, 49n) ^ rotate(hash, 24n)) * mix2) & mask;
    hash = ((hash ^ ((hash >> 35n) + size)) * mix2) & mask;
    return hash ^ (hash >> 28n);
  }
  const low = input.readBigUInt64LE(0) ^ flip(24);
  const high = input.readBigUInt64LE(length - 8) ^ flip(40);
  return avalanche((size + swap64(low) + high + fold(low, high)) & mask);
}

function middle64(input: Buffer): bigint {
  const { length } = input;
  let sum = BigInt(length) * p1;
  if (length <= 128) {
    for (let i = (length - 1) >> 5; i >= 0; i -= 1) {
      sum += mix16(input, 16 * i, 32 * i) + mix16(input, length - 16 * (i + 1), 32 * i + 16);
    }
    return avalanche(sum & mask);
  }
  for (let i = 0; i < 8; i += 1) sum += mix16(input, 16 * i, 16 * i);
  sum = avalanche(sum & mask);
  const rounds = length >> 4;
  for (let i = 8; i < rounds; i += 1) sum += mix16(input, 16 * i, 16 * (i - 8) + 3);
  return avalanche((sum + mix16(input, length - 16, 119)) & mask);
}

function accumulate(lanes: bigint[], input: Buffer, at: number, key: number): void {
  for (let i = 0; i < 8; i += 1) {
    const data = input.readBigUInt64LE(at + 8 * i);
    const keyed = data ^ key64(key + 8 * i);
    lanes[i ^ 1] = (lanes[i ^ 1]! + data) & mask;
    lanes[i] = (lanes[i]! + (keyed & 0xffffffffn) * (keyed >> 32n)) & mask;
  }
}

function longLanes(input: Buffer): bigint[] {
  const lanes = [prime32[2], p1, p2, p3, p4, prime32[1], p5, prime32[0]] as bigint[];
  const { length } = input;
  const stripes = (length - 1) >> 6;
  for (let stripe = 0; stripe < stripes; stripe += 1) {
    accumulate(lanes, input, 64 * stripe, 8 * (stripe % 16));
    if (stripe % 16 !== 15) continue;
    for (let i = 0; i < 8; i += 1) {
      const lane = lanes[i]!;
      lanes[i] = ((lane ^ (lane >> 47n) ^ key64(128 + 8 * i)) * prime32[0]) & mask;
    }
  }
  accumulate(lanes, input, length - 64, 121);
  return lanes;
}

function mergeLanes(lanes: readonly bigint[], key: number, start: bigint): bigint {
  let sum = start;
  for (let i = 0; i < 4; i += 1) {
    sum += fold(lanes[2 * i]! ^ key64(key + 16 * i), lanes[2 * i + 1]! ^ key64(key + 16 * i + 8));
  }
  return avalanche(sum & mask);
}

/** XXH3_64bits of bytes, unsigned. */
export function xxh3(input: Buffer): bigint {
  if (input.length <= 16) return short64(input);
  if (input.length <= 240) return middle64(input);
  return mergeLanes(longLanes(input), 11, (BigInt(input.length) * p1) & mask);
}

function short128(input: Buffer): Pair {
  const { length } = input;
  if (length === 0) return { low: avalanche64(flip(64)), high: avalanche64(flip(80)) };
  if (length < 4) {
    const low = combined(input);
    const swapped = Buffer.alloc(4);
    swapped.writeUInt32LE(low);
    const turned = swapped.readUInt32BE();
    const high = ((turned << 13) | (turned >>> 19)) >>> 0;
    return {
      low: avalanche64(BigInt(low) ^ key32(0) ^ key32(4)),
      high: avalanche64(BigInt(high) ^ key32(8) ^ key32(12)),
    };
  }
  if (length <= 8) {
    const first = BigInt(input.readUInt32LE(0));
    const last = BigInt(input.readUInt32LE(length - 4));
    const keyed = (first + (last << 32n)) ^ flip(16);
    let { low, high } = multiply(keyed, p1 + BigInt(length << 2));
    high = (high + (low << 1n)) & mask;
    low ^= high >> 3n;
    low = ((low ^ (low >> 35n)) * mix2) & mask;
    return { low: low ^ (low >> 28n), high: avalanche(high) };
  }
  const first = input.readBigUInt64LE(0);
  const last = input.readBigUInt64LE(length - 8);
  let { low, high } = multiply(first ^ last ^ flip(32), p1);
  low = (low + (BigInt(length - 1) << 54n)) & mask;
  const keyed = last ^ flip(48);
  high = (high + keyed + (keyed & 0xffffffffn) * (prime32[1] - 1n)) & mask;
  low ^= swap64(high);
  const mixed = multiply(low, p2);
  return { low: avalanche(mixed.low), high: avalanche((mixed.high + high * p2) & mask) };
}

function mix32(sum: Pair, input: Buffer, a: number, b: number, key: number): void {
  sum.low = (sum.low + mix16(input, a, key)) & mask;
  sum.low ^= (input.readBigUInt64LE(b) + input.readBigUInt64LE(b + 8)) & mask;
  sum.high = (sum.high + mix16(input, b, key + 16)) & mask;
  sum.high ^= (input.readBigUInt64LE(a) + input.readBigUInt64LE(a + 8)) & mask;
}

function middle128(input: Buffer): Pair {
  const { length } = input;
  const size = BigInt(length);
  const sum: Pair = { low: (size * p1) & mask, high: 0n };
  if (length <= 128) {
    for (let i = (length - 1) >> 5; i >= 0; i -= 1) {
      mix32(sum, input, 16 * i, length - 16 * (i + 1), 32 * i);
    }
  } else {
    for (let i = 0; i < 128; i += 32) mix32(sum, input, i, i + 16, i);
    sum.low = avalanche(sum.low);
    sum.high = avalanche(sum.high);
    for (let i = 128; i + 32 <= length; i += 32) mix32(sum, input, i, i + 16, i - 125);
    mix32(sum, input, length - 16, length - 32, 103);
  }
  const high = (sum.low * p1 + sum.high * p4 + size * p2) & mask;
  return {
    low: avalanche((sum.low + sum.high) & mask),
    high: (mask + 1n - avalanche(high)) & mask,
  };
}

function long128(input: Buffer): Pair {
  const lanes = longLanes(input);
  const size = BigInt(input.length);
  return {
    low: mergeLanes(lanes, 11, (size * p1) & mask),
    high: mergeLanes(lanes, 117, mask ^ ((size * p2) & mask)),
  };
}

/** XXH3_128bits of bytes, unsigned. */
export function xxh128(input: Buffer): bigint {
  const { length } = input;
  const { low, high } =
    length <= 16 ? short128(input) : length <= 240 ? middle128(input) : long128(input);
  return (high << 64n) | low;
}
