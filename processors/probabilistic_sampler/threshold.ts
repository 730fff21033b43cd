/**
 * 56-bit thresholds and randomness of OpenTelemetry's consistent sampling
 * (https://opentelemetry.io/docs/specs/otel/trace/tracestate-probability-sampling/): the upper 24
 * and the lower 32 bits apart, so that they compare as numbers. An item is sampled when
 * threshold <= randomness; the threshold 2^56 samples nothing.
 */
export interface Bits56 {
  readonly hi: number;
  readonly lo: number;
}

/** 0 to 2^56. */
export type Threshold = Bits56;
/** 0 to 2^56 - 1. */
export type Randomness = Bits56;

const hexDigits = 14;
const most = 2n ** 56n;

/** Probability 1. */
export const alwaysSample: Threshold = { hi: 0, lo: 0 };
/** Above every randomness. */
export const neverSample: Threshold = { hi: 2 ** 24, lo: 0 };
/** Sampled at any probability. */
export const fullRandomness: Randomness = { hi: 2 ** 24 - 1, lo: 2 ** 32 - 1 };
/** The least probability that a threshold can say. */
export const leastProbability = 2 ** -56;

/** a < b */
export function lessThan(a: Bits56, b: Bits56): boolean {
  return a.hi < b.hi || (a.hi === b.hi && a.lo < b.lo);
}

/** Whether threshold <= randomness. */
export function shouldSample(threshold: Threshold, randomness: Randomness): boolean {
  return !lessThan(randomness, threshold);
}

function fromBig(value: bigint): Bits56 {
  return { hi: Number(value >> 32n), lo: Number(value & 0xffffffffn) };
}

function toBig({ hi, lo }: Bits56): bigint {
  return (BigInt(hi) << 32n) | BigInt(lo);
}

/** A threshold as `th:` has it: hex digits without those zeros that end it. */
export function thresholdText(threshold: Threshold): string {
  if (threshold.hi === 0 && threshold.lo === 0) return '0';
  if (threshold.hi === neverSample.hi) return '';
  return randomnessText(threshold).replace(/0+$/, '');
}

/** 14 hex digits. */
export function randomnessText({ hi, lo }: Randomness): string {
  return hi.toString(16).padStart(6, '0') + lo.toString(16).padStart(8, '0');
}

const hex = /^[0-9a-fA-F]+$/;

/** Reads a value of `th:`. @returns undefined when it is none */
export function parseThreshold(text: string): Threshold | undefined {
  if (text.length > hexDigits || !hex.test(text)) return undefined;
  return fromBig(BigInt(`0x${text.padEnd(hexDigits, '0')}`));
}

/** Reads a value of `rv:`: exactly 14 hex digits. @returns undefined when it is none */
export function parseRandomness(text: string): Randomness | undefined {
  if (text.length !== hexDigits || !hex.test(text)) return undefined;
  return fromBig(BigInt(`0x${text}`));
}

/** e with value = f * 2^e, 0.5 <= f < 1 */
function exponentOf(value: number): number {
  if (value === 0) return 0;
  let e = Math.floor(Math.log2(value)) + 1;
  while (value >= 2 ** e) e += 1;
  while (value < 2 ** (e - 1)) e -= 1;
  return e;
}

/**
 * The threshold for a probability, to some significant hex digits; near 0 and 1 there are more.
 * @returns undefined below 2^-56 and above 1
 */
export function thresholdFor(probability: number, precision: number): Threshold | undefined {
  if (!(probability >= leastProbability && probability <= 1)) return undefined;
  if (probability === 1) return alwaysSample;
  const leading = (value: number) => Math.trunc(exponentOf(value) / -4);
  const wanted = precision === 0 ? hexDigits : precision;
  const extra = Math.max(leading(probability), leading(1 - probability));
  const digits = Math.min(hexDigits, wanted + extra);
  let threshold = most - BigInt(Math.round(probability * 2 ** 56));
  const shift = BigInt(4 * (hexDigits - digits));
  if (shift > 0n) {
    const half = shift > 64n ? 0n : 1n << (shift - 1n);
    threshold = ((threshold + half) >> shift) << shift;
  }
  return fromBig(threshold);
}

/** The probability that a threshold stands for. */
export function probabilityOf(threshold: Threshold): number {
  return Number(most - toBig(threshold)) / 2 ** 56;
}

/** A threshold or randomness of up to 56 bits. */
export function bits56(value: bigint): Bits56 {
  return value >= most ? neverSample : fromBig(value);
}
