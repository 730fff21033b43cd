import { hashPrime } from '../../byte-table/byte-table.ts';

/**
 * Finds where the name and label block of a line end, and their hash, without judging them: bytes
 * that are known were judged when they came first.
 */
export class SeriesScan {
  end = 0;
  hash = 0;

  /** @param seed see KnownSeries */
  scan(b: Buffer, start: number, seed: number): void {
    const length = b.length;
    let hash = seed;
    let at = start;
    for (; at < length; at += 1) {
      const c = b[at]!;
      if (c === 0x7b || c === 0x20 || c === 0x0a || c === 0x09) break;
      hash = Math.imul(hash ^ c, hashPrime);
    }
    let open = at;
    while (b[open] === 0x20 || b[open] === 0x09) open += 1;
    if (b[open] === 0x7b) {
      let inside = false;
      for (; at < length; at += 1) {
        const c = b[at]!;
        hash = Math.imul(hash ^ c, hashPrime);
        if (c === 0x22) inside = !inside;
        else if (c === 0x5c && inside && at + 1 < length) {
          at += 1;
          hash = Math.imul(hash ^ b[at]!, hashPrime);
        } else if (c === 0x7d && !inside) {
          at += 1;
          break;
        }
      }
    }
    this.end = at;
    this.hash = hash;
  }
}
