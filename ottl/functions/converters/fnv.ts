/** FNV-1a of 64 bits as a signed integer (http://www.isthe.com/chongo/tech/comp/fnv/). */
export function fnv64a(bytes: Uint8Array): bigint {
  // four digits of 16 bits, the least first; the prime is 2^40 + 0x1b3
  let a = 0x2325;
  let b = 0x8422;
  let c = 0x9ce4;
  let d = 0xcbf2;
  for (let i = 0; i < bytes.length; i += 1) {
    a ^= bytes[i]!;
    const pa = a * 0x1b3;
    const pb = b * 0x1b3 + (pa >>> 16);
    const pc = c * 0x1b3 + ((a << 8) & 0xffffff) + (pb >>> 16);
    const pd = d * 0x1b3 + ((b << 8) & 0xffffff) + Math.floor(pc / 0x10000);
    a = pa & 0xffff;
    b = pb & 0xffff;
    c = pc & 0xffff;
    d = pd & 0xffff;
  }
  const high = BigInt(d * 0x10000 + c);
  return BigInt.asIntN(64, (high << 32n) | BigInt(b * 0x10000 + a));
}
