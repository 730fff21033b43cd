const mask = 0xffffffffffffffffn;
const k0 = 0xc3a5c85c97cb3127n;
const k1 = 0xb492b66fbe98f273n;
const k2 = 0x9ae16a3b2f90404fn;
const k3 = 0xc949d7c7509e6557n;
const mixer = 0x9ddfea08eb382d69n;

type Pair = readonly [low: bigint, high: bigint];

function ror(value: bigint, by: bigint): bigint {
  return ((value >> by) | (value << (64n - by))) & mask;
}

function fold(value: bigint): bigint {
  return value ^ (value >> 47n);
}

function mix(u: bigint, v: bigint): bigint {
  const a = fold(((u ^ v) * mixer) & mask);
  return (fold(((v ^ a) * mixer) & mask) * mixer) & mask;
}

function shortHash(view: DataView, at: number, length: number): bigint {
  const n = BigInt(length);
  if (length > 8) {
    const tail = view.getBigUint64(at + length - 8, true);
    return mix(view.getBigUint64(at, true), ror((tail + n) & mask, n)) ^ tail;
  }
  if (length >= 4) {
    const head = BigInt(view.getUint32(at, true));
    return mix(n + (head << 3n), BigInt(view.getUint32(at + length - 4, true)));
  }
  if (length === 0) return k2;
  const y = view.getUint8(at) + view.getUint8(at + (length >> 1)) * 256;
  const z = length + view.getUint8(at + length - 1) * 4;
  return (fold(((BigInt(y) * k2) & mask) ^ ((BigInt(z) * k3) & mask)) * k2) & mask;
}

function weak(view: DataView, at: number, seedA: bigint, seedB: bigint): Pair {
  const w = view.getBigUint64(at, true);
  const z = view.getBigUint64(at + 24, true);
  let a = (seedA + w) & mask;
  let b = ror((seedB + a + z) & mask, 21n);
  const c = a;
  a = (a + view.getBigUint64(at + 8, true) + view.getBigUint64(at + 16, true)) & mask;
  b += ror(a, 44n);
  return [(a + z) & mask, (b + c) & mask];
}

function murmur(view: DataView, start: number, length: number, seed: Pair): Pair {
  let [a, b] = seed;
  let c: bigint;
  let d: bigint;
  if (length <= 16) {
    a = (fold((a * k1) & mask) * k1) & mask;
    c = (b * k1 + shortHash(view, start, length)) & mask;
    d = fold((a + (length >= 8 ? view.getBigUint64(start, true) : c)) & mask);
  } else {
    const end = start + length;
    c = mix((view.getBigUint64(end - 8, true) + k1) & mask, a);
    d = mix((b + BigInt(length)) & mask, (c + view.getBigUint64(end - 16, true)) & mask);
    a = (a + d) & mask;
    for (let at = start, left = length - 16; left > 0; left -= 16, at += 16) {
      a = ((a ^ (fold((view.getBigUint64(at, true) * k1) & mask) * k1)) * k1) & mask;
      b ^= a;
      c = ((c ^ (fold((view.getBigUint64(at + 8, true) * k1) & mask) * k1)) * k1) & mask;
      d ^= c;
    }
  }
  a = mix(a, c);
  b = mix(d, b);
  return [a ^ b, mix(b, a)];
}

function seeded(view: DataView, start: number, length: number, seed: Pair): Pair {
  if (length < 128) return murmur(view, start, length, seed);
  const end = start + length;
  let [x, y] = seed;
  let z = (BigInt(length) * k1) & mask;
  let v0 = (ror(y ^ k1, 49n) * k1 + view.getBigUint64(start, true)) & mask;
  let v1 = (ror(v0, 42n) * k1 + view.getBigUint64(start + 8, true)) & mask;
  let w0 = (ror((y + z) & mask, 35n) * k1 + x) & mask;
  let w1 = (ror((x + view.getBigUint64(start + 88, true)) & mask, 53n) * k1) & mask;
  const rounds = (length >> 7) * 2;
  for (let round = 0, at = start; round < rounds; round++, at += 64) {
    x = (ror((x + y + v0 + view.getBigUint64(at + 16, true)) & mask, 37n) * k1) & mask;
    y = (ror((y + v1 + view.getBigUint64(at + 48, true)) & mask, 42n) * k1) & mask;
    x ^= w1;
    y ^= v0;
    z = ror(z ^ w0, 33n);
    [v0, v1] = weak(view, at, (v1 * k1) & mask, (x + w0) & mask);
    [w0, w1] = weak(view, at + 32, (z + w1) & mask, y);
    [z, x] = [x, z];
  }
  y = (y + ror(w0, 37n) * k0 + z) & mask;
  x = (x + ror((v0 + z) & mask, 49n) * k0) & mask;
  for (let done = 32; done - 32 < (length & 127); done += 32) {
    y = (ror((y - x) & mask, 42n) * k0 + v1) & mask;
    w0 = (w0 + view.getBigUint64(end - done + 16, true)) & mask;
    x = (ror(x, 49n) * k0 + w0) & mask;
    w0 = (w0 + v0) & mask;
    [v0, v1] = weak(view, end - done, v0, v1);
  }
  x = mix(x, v0);
  y = mix(y, w0);
  return [(mix((x + v1) & mask, w1) + y) & mask, mix((x + w1) & mask, (y + v1) & mask)];
}

function city128(view: DataView, length: number): Pair {
  if (length >= 16) {
    const seed: Pair = [view.getBigUint64(0, true) ^ k3, view.getBigUint64(8, true)];
    return seeded(view, 16, length - 16, seed);
  }
  if (length >= 8) {
    const low = view.getBigUint64(0, true) ^ ((BigInt(length) * k0) & mask);
    return seeded(view, 0, 0, [low, view.getBigUint64(length - 8, true) ^ k1]);
  }
  return seeded(view, 0, length, [k0, k1]);
}

/**
 * CityHash128 in version 1.0.2, which ClickHouse keeps for the checksums of compressed blocks
 * (later versions of CityHash give other values). The twin of native/hash.c, about 100 times
 * slower.
 * @param target at least 16 bytes; receives the low half first, both halves little-endian
 */
export function cityHash128Into(bytes: Uint8Array, target: Uint8Array): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const [low, high] = city128(view, bytes.length);
  const out = new DataView(target.buffer, target.byteOffset, 16);
  out.setBigUint64(0, low, true);
  out.setBigUint64(8, high, true);
}
