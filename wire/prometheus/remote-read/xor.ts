import { BitWriter } from './bits.ts';

/**
 * Writes chunks of Prometheus' encoding XOR (tsdb/docs/format/chunks.md of its repository):
 *
 *     ┌──────────────┬─────────────────┬─────────────┬──────────────────────┬─────────────────┐
 *     │ count        │ first time      │ first value │ second time's delta  │ second value    │ …
 *     │ 16 bits      │ zigzag varint   │ 64 bits     │ varint               │ XOR             │
 *     └──────────────┴─────────────────┴─────────────┴──────────────────────┴─────────────────┘
 *
 * and for each further sample the change of the delta and the XOR with the value before it.
 */
export class XorChunkWriter {
  readonly #bits = new BitWriter();
  /** Zero bits at both ends of the XOR that was last written in full; -1 = none was. */
  #leading = -1;
  #trailing = 0;

  /**
   * Samples [from, to), 1 to 65,535 of them.
   * @param times whole, rising, between -(2^51) and 2^51
   * @param bits of the values, low half first
   */
  chunk(times: Float64Array, bits: Uint32Array, from: number, to: number): Uint8Array {
    const out = this.#bits;
    out.reset();
    this.#leading = -1;
    out.write(to - from, 16);
    const first = times[from]!;
    out.varint(first < 0 ? -2 * first - 1 : 2 * first);
    out.writeHalves(bits[2 * from + 1]!, bits[2 * from]!, 64);
    let delta = 0;
    for (let i = from + 1; i < to; i += 1) {
      const next = times[i]! - times[i - 1]!;
      if (i === from + 1) out.varint(next);
      else this.#change(next - delta);
      delta = next;
      this.#value(bits, i);
    }
    return out.take();
  }

  #change(change: number): void {
    const out = this.#bits;
    if (change === 0) out.write(0, 1);
    else if (fits(change, 14)) out.write((0b10 << 14) | (change & 0x3fff), 16);
    else if (fits(change, 17)) out.write((0b110 << 17) | (change & 0x1ffff), 20);
    else if (fits(change, 20)) out.write((0b1110 << 20) | (change & 0xfffff), 24);
    else {
      out.write(0b1111, 4);
      out.writeHalves(Math.floor(change / 4294967296), change % 4294967296, 64);
    }
  }

  #value(bits: Uint32Array, i: number): void {
    const out = this.#bits;
    const lo = (bits[2 * i]! ^ bits[2 * i - 2]!) >>> 0;
    const hi = (bits[2 * i + 1]! ^ bits[2 * i - 1]!) >>> 0;
    if (lo === 0 && hi === 0) {
      out.write(0, 1);
      return;
    }
    const leading = Math.min(31, Math.clz32(hi));
    const trailing = lo === 0 ? 32 + trailingZeros(hi) : trailingZeros(lo);
    if (this.#leading >= 0 && leading >= this.#leading && trailing >= this.#trailing) {
      out.write(0b10, 2);
    } else {
      this.#leading = leading;
      this.#trailing = trailing;
      // 64 significant bits are written as 0.
      out.write((0b11 << 11) | (leading << 6) | ((64 - leading - trailing) & 63), 13);
    }
    this.#significant(hi, lo);
  }

  /** The bits between the zeros at both ends. */
  #significant(hi: number, lo: number): void {
    const shift = this.#trailing;
    const count = 64 - this.#leading - shift;
    if (shift >= 32) this.#bits.write(hi >>> (shift - 32), count);
    else if (shift === 0) this.#bits.writeHalves(hi, lo, count);
    else this.#bits.writeHalves(hi >>> shift, (lo >>> shift) | (hi << (32 - shift)), count);
  }
}

/** Whether a number is within what a code of `bits` bits stands for: one more up than down. */
function fits(value: number, bits: number): boolean {
  const half = 2 ** (bits - 1);
  return value > -half && value <= half;
}

function trailingZeros(half: number): number {
  return 31 - Math.clz32(half & -half);
}
