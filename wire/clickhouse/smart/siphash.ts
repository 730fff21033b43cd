/** A 64-bit result as two unsigned halves. */
export interface Hash64 {
  low: number;
  high: number;
}

/**
 * SipHash-2-4 with 64-bit result (Aumasson and Bernstein, 2012) of bytes `[start, end)` under a key
 * of 16 bytes. Lanes are kept as halves of 32 bits: a BigInt would allocate at each step.
 */
export function sipHash24(
  key: Uint8Array,
  source: Uint8Array,
  start: number,
  end: number,
  out: Hash64,
): void {
  const v = new Int32Array(8);
  const k = new DataView(key.buffer, key.byteOffset, 16);
  const [k0, k1, k2, k3] = [0, 4, 8, 12].map((at) => k.getInt32(at, true)) as [
    number,
    number,
    number,
    number,
  ];
  // Words v0, v1, v2, v3 as [low, high] each.
  v.set([k0 ^ 0x70736575, k1 ^ 0x736f6d65, k2 ^ 0x6e646f6d, k3 ^ 0x646f7261]);
  v.set([k0 ^ 0x6e657261, k1 ^ 0x6c796765, k2 ^ 0x79746573, k3 ^ 0x74656462], 4);
  const size = end - start;
  const whole = start + (size & ~7);
  for (let p = start; p < whole; p += 8) {
    absorb(v, word(source, p), word(source, p + 4));
  }
  const last = new Uint8Array(8);
  last.set(source.subarray(whole, end));
  last[7] = size;
  absorb(v, word(last, 0), word(last, 4));
  v[4]! ^= 0xff;
  for (let i = 0; i < 4; i++) round(v);
  out.low = (v[0]! ^ v[2]! ^ v[4]! ^ v[6]!) >>> 0;
  out.high = (v[1]! ^ v[3]! ^ v[5]! ^ v[7]!) >>> 0;
}

function word(b: Uint8Array, at: number): number {
  return b[at]! | (b[at + 1]! << 8) | (b[at + 2]! << 16) | (b[at + 3]! << 24);
}

function absorb(v: Int32Array, low: number, high: number): void {
  v[6]! ^= low;
  v[7]! ^= high;
  round(v);
  round(v);
  v[0]! ^= low;
  v[1]! ^= high;
}

function round(v: Int32Array): void {
  add(v, 0, 2);
  rotate(v, 2, 13);
  xor(v, 2, 0);
  rotate(v, 0, 32);
  add(v, 4, 6);
  rotate(v, 6, 16);
  xor(v, 6, 4);
  add(v, 0, 6);
  rotate(v, 6, 21);
  xor(v, 6, 0);
  add(v, 4, 2);
  rotate(v, 2, 17);
  xor(v, 2, 4);
  rotate(v, 4, 32);
}

/** Adds the 64-bit lane at `b` to the one at `a`. */
function add(v: Int32Array, a: number, b: number): void {
  const low = (v[a]! >>> 0) + (v[b]! >>> 0);
  v[a] = low | 0;
  v[a + 1] = (v[a + 1]! + v[b + 1]! + (low > 0xffff_ffff ? 1 : 0)) | 0;
}

function xor(v: Int32Array, a: number, b: number): void {
  v[a]! ^= v[b]!;
  v[a + 1]! ^= v[b + 1]!;
}

/** Rotates the 64-bit lane at `a` left by 1 to 32 bits. */
function rotate(v: Int32Array, a: number, bits: number): void {
  const low = v[a]!;
  const high = v[a + 1]!;
  if (bits === 32) {
    v[a] = high;
    v[a + 1] = low;
    return;
  }
  v[a] = (low << bits) | (high >>> (32 - bits));
  v[a + 1] = (high << bits) | (low >>> (32 - bits));
}
