/** Scales that are no power of ten; 0 to 15 are decimals. */
export const Scale = {
  /** The mantissa holds the bits of a double. */
  BITS: -1,
  /** It is an integer that was sent as such. */
  INTEGER: -2,
  /** There is no value. */
  NONE: -3,
} as const;

/** Scales 0 to 15: all are doubles exactly. */
const POWERS = Float64Array.from({ length: 16 }, (_, i) => Number(`1e${i}`));

const MAX_MANTISSA = 2 ** 53;
const TWO_32 = 0x1_0000_0000;

/**
 * A double as mantissa / 10^scale, exact bit by bit (docs/decisions/metric-samples.md): division is
 * rounded correctly, so that mantissa and scale are chosen by trying. What no scale gives (most
 * results of a division, NaN, infinities, -0, above 2^53) is kept as its bits.
 */
export class Decimal {
  /** Halves of the mantissa in two's complement. */
  low = 0;
  high = 0;
  scale = 0;
  readonly #double = new Float64Array(1);
  readonly #halves = new Uint32Array(this.#double.buffer);

  /**
   * @param low low half of the double's bits
   * @param high high half
   * @param from scale that is tried first, 0 to 15: the series' largest so far
   * @param search whether other scales are tried
   */
  split(low: number, high: number, from: number, search: boolean): void {
    this.#halves[0] = low;
    this.#halves[1] = high;
    const value = this.#double[0]!;
    if (value === 0 && high === 0) {
      this.#set(0, from);
      return;
    }
    if (Math.abs(value) <= MAX_MANTISSA && value !== 0) {
      if (this.#try(value, from)) return;
      if (search) {
        for (let scale = from + 1; scale < 16; scale++) if (this.#try(value, scale)) return;
        for (let scale = from - 1; scale >= 0; scale--) if (this.#try(value, scale)) return;
      }
    }
    this.low = low;
    this.high = high;
    this.scale = Scale.BITS;
  }

  /** Whether the double split last is a number that more digits could have given. */
  get finite(): boolean {
    const value = this.#double[0]!;
    return value - value === 0;
  }

  #try(value: number, scale: number): boolean {
    const power = POWERS[scale]!;
    const mantissa = Math.round(value * power);
    if (mantissa / power !== value || Math.abs(mantissa) > MAX_MANTISSA) return false;
    this.#set(mantissa, scale);
    return true;
  }

  #set(mantissa: number, scale: number): void {
    const high = Math.floor(mantissa / TWO_32);
    this.low = (mantissa - high * TWO_32) >>> 0;
    this.high = high >>> 0;
    this.scale = scale;
  }
}

/**
 * The bits of the double that halves of a mantissa and a scale stand for, written to `out` as low
 * and high half. An integer becomes the nearest double, no value the stale marker's NaN.
 */
export function joinDecimal(
  low: number,
  high: number,
  scale: number,
  out: { double: Float64Array; halves: Uint32Array },
): void {
  const { double, halves } = out;
  if (scale >= 0) double[0] = ((high | 0) * TWO_32 + low) / POWERS[scale]!;
  else if (scale === Scale.BITS) {
    halves[0] = low;
    halves[1] = high;
  } else if (scale === Scale.INTEGER) double[0] = integerToDouble(low, high);
  else {
    halves[0] = 2;
    halves[1] = 0x7ff0_0000;
  }
}

function integerToDouble(low: number, high: number): number {
  const signed = high | 0;
  if (signed > -0x20_0000 && signed < 0x20_0000) return signed * TWO_32 + low;
  return Number((BigInt(signed) << 32n) | BigInt(low));
}
