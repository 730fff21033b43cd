import type { Splitter } from '../../stanza/split.ts';

const digit = (byte: number | undefined) => byte !== undefined && byte >= 0x30 && byte <= 0x39;
const space = (byte: number | undefined) =>
  byte !== undefined && (byte === 0x20 || (byte >= 9 && byte <= 13));

/** Cuts messages that have their length before them: `LENGTH SP MESSAGE` (RFC 6587 3.4.1). */
export class OctetSplitter implements Splitter {
  from = 0;
  to = 0;
  end = 0;

  next(data: Buffer, start: number, stop: number, whole: boolean): boolean {
    let at = start;
    while (at < stop && digit(data[at])) at += 1;
    const counted = at > start && data[start] !== 0x30 && at < stop && space(data[at]);
    if (counted && at - start <= 15) {
      const end = at + 1 + Number(data.toString('latin1', start, at));
      if (end <= stop) return this.#found(start, end);
    }
    return whole && stop > start ? this.#found(start, stop) : false;
  }

  #found(from: number, to: number): true {
    this.from = from;
    this.to = to;
    this.end = to;
    return true;
  }
}
