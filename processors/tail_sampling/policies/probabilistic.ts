import { Fnv1a64 } from '../../../pdata/hash/fnv.ts';
import { type Policy, sampledIf } from './decision.ts';

const defaultSalt = 'default-hash-seed';
const two64 = 2n ** 64n;

/** A share of the traces by a hash of salt and trace id, as the Go collector takes it. */
export function probabilistic(salt: string, percentage: number): Policy {
  const threshold = thresholdOf(percentage / 100);
  const hi = Number(threshold >> 32n);
  const lo = Number(threshold & 0xffffffffn);
  const hash = new Fnv1a64();
  hash.bytes(new TextEncoder().encode(salt === '' ? defaultSalt : salt));
  const saltHi = hash.hi;
  const saltLo = hash.lo;
  return {
    stateful: false,
    evaluate(trace) {
      hash.hi = saltHi;
      hash.lo = saltLo;
      for (let word = 0; word < 4; word += 1) hash.word(trace.view.idWord(word));
      return sampledIf(hash.hi < hi || (hash.hi === hi && hash.lo <= lo));
    },
  };
}

/** `ratio` of 2^64 - 1, rounded to 64 significant bits and then cut to an integer. */
function thresholdOf(ratio: number): bigint {
  if (!(ratio > 0)) return 0n;
  if (ratio >= 1) return two64 - 1n;
  const { mantissa, exponent } = parts(ratio);
  const product = (two64 - 1n) * mantissa;
  // product * 2^exponent, exponent < 0
  const bits = product.toString(2).length;
  const cut = BigInt(Math.max(0, bits - 64));
  const half = cut === 0n ? 0n : 1n << (cut - 1n);
  let kept = product >> cut;
  const tail = product - (kept << cut);
  if (cut > 0n && (tail > half || (tail === half && (kept & 1n) === 1n))) kept += 1n;
  const shift = exponent + Number(cut);
  const result = shift >= 0 ? kept << BigInt(shift) : kept >> BigInt(-shift);
  return result >= two64 ? two64 - 1n : result;
}

/** A positive double as mantissa * 2^exponent. */
function parts(value: number): { mantissa: bigint; exponent: number } {
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, value);
  const bits = view.getBigUint64(0);
  const field = Number((bits >> 52n) & 0x7ffn);
  const fraction = bits & 0xfffffffffffffn;
  return field === 0
    ? { mantissa: fraction, exponent: -1074 }
    : { mantissa: fraction | (1n << 52n), exponent: field - 1075 };
}
