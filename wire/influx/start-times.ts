import type { Instant } from './histogram-point.ts';

const pattern = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:[.,](\d+))?(Z|[+-]\d\d:\d\d)$/;

/** RFC 3339 times of `start_time` fields: one comes again and again. */
export class StartTimes {
  #text = '';
  #instant: Instant | undefined;

  /** @returns undefined for what is no time since 1970 */
  get(b: Buffer, from: number, to: number): Instant | undefined {
    if (to - from > 64) return undefined;
    const text = b.toString('latin1', from, to);
    if (text !== this.#text) {
      this.#text = text;
      this.#instant = parse(text);
    }
    return this.#instant;
  }
}

function parse(text: string): Instant | undefined {
  const [, seconds = '', fraction = '', zone = ''] = pattern.exec(text) ?? [];
  const ms = Date.parse(`${seconds}${zone}`);
  if (Number.isNaN(ms) || ms < 0) return undefined;
  const ns = BigInt(ms) * 1_000_000n + BigInt(fraction.slice(0, 9).padEnd(9, '0'));
  return { lo: Number(ns & 0xffffffffn), hi: Number(ns >> 32n) };
}
