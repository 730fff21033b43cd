const polynomial = 0x82f63b78;

function makeTable(): Uint32Array {
  const table = new Uint32Array(256);
  for (let byte = 0; byte < 256; byte++) {
    let crc = byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? polynomial : 0);
    table[byte] = crc >>> 0;
  }
  return table;
}

const table = makeTable();

/**
 * CRC-32C (Castagnoli, RFC 3720 appendix B.4) of `bytes`, the twin of the addon's.
 * @param seed CRC of the bytes before these; 0 at the start
 * @returns unsigned 32 bits
 */
export function crc32cPlain(bytes: Uint8Array, seed = 0): number {
  let crc = ~seed;
  for (let i = 0; i < bytes.length; i++) {
    crc = (crc >>> 8) ^ table[(crc ^ bytes[i]!) & 0xff]!;
  }
  return ~crc >>> 0;
}
