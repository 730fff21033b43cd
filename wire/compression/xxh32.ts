const p1 = 0x9e3779b1 | 0;
const p2 = 0x85ebca77 | 0;
const p3 = 0xc2b2ae3d | 0;
const p4 = 0x27d4eb2f | 0;
const p5 = 0x165667b1 | 0;

function rotate(value: number, bits: number): number {
  return (value << bits) | (value >>> (32 - bits));
}

function round(accumulator: number, lane: number): number {
  return Math.imul(rotate((accumulator + Math.imul(lane, p2)) | 0, 13), p1);
}

/** @returns XXH32 with seed 0 of bytes `start` to `end`, unsigned */
export function xxh32(b: Buffer, start: number, end: number): number {
  let at = start;
  let hash: number;
  if (end - start >= 16) {
    let v1 = (p1 + p2) | 0;
    let v2 = p2;
    let v3 = 0;
    let v4 = -p1 | 0;
    for (; at + 16 <= end; at += 16) {
      v1 = round(v1, b.readInt32LE(at));
      v2 = round(v2, b.readInt32LE(at + 4));
      v3 = round(v3, b.readInt32LE(at + 8));
      v4 = round(v4, b.readInt32LE(at + 12));
    }
    hash = (rotate(v1, 1) + rotate(v2, 7) + rotate(v3, 12) + rotate(v4, 18)) | 0;
  } else hash = p5;
  hash = (hash + (end - start)) | 0;
  for (; at + 4 <= end; at += 4) {
    hash = Math.imul(rotate((hash + Math.imul(b.readInt32LE(at), p3)) | 0, 17), p4);
  }
  for (; at < end; at += 1) {
    hash = Math.imul(rotate((hash + Math.imul(b[at]!, p5)) | 0, 11), p1);
  }
  hash = Math.imul(hash ^ (hash >>> 15), p2);
  hash = Math.imul(hash ^ (hash >>> 13), p3);
  return (hash ^ (hash >>> 16)) >>> 0;
}
