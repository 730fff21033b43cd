/**
 * FNV-1a (http://www.isthe.com/chongo/tech/comp/fnv/), fed piece by piece. Halves are unsigned.
 */
export class Fnv1a64 {
  hi = 0xcbf29ce4;
  lo = 0x84222325;

  byte(value: number): void {
    const lo = (this.lo ^ value) >>> 0;
    // times 2^40 + 0x1b3
    const low = lo * 0x1b3;
    this.hi = (this.hi * 0x1b3 + Math.floor(low / 4294967296) + ((lo << 8) >>> 0)) >>> 0;
    this.lo = low >>> 0;
  }

  /** Four bytes, the lowest first. */
  word(value: number): void {
    this.byte(value & 255);
    this.byte((value >>> 8) & 255);
    this.byte((value >>> 16) & 255);
    this.byte(value >>> 24);
  }

  bytes(source: Uint8Array, start = 0, end = source.length): void {
    for (let i = start; i < end; i += 1) this.byte(source[i]!);
  }
}

const offset32 = 0x811c9dc5;

/** The 32-bit hash of bytes [start, end), going on from `seed`: unsigned. */
export function fnv1a32(
  source: Uint8Array,
  start = 0,
  end = source.length,
  seed = offset32,
): number {
  let hash = seed;
  for (let i = start; i < end; i += 1) hash = Math.imul(hash ^ source[i]!, 0x01000193);
  return hash >>> 0;
}
